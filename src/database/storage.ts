/** Whether the folder that holds the data can still take any. */
import fs from 'node:fs'

export type StorageTrouble = 'storage_full' | 'storage_failed'

/** PostgreSQL makes its log in files of 16 MB: with less room than that it can neither go on nor recover. */
const leastFreeBytes = 20 * 1024 * 1024

/** Bytes that an ordinary user may still write there; null where the system does not tell. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = fs.statfsSync(folder)
    return bavail * bsize
  } catch {
    return null
  }
}

export function storageTrouble(folder: string): StorageTrouble | null {
  try {
    const { files, ffree } = fs.statfsSync(folder)
    if ((freeBytes(folder) ?? leastFreeBytes) < leastFreeBytes || (files > 0 && ffree === 0)) return 'storage_full'
    // Answers EROFS to root too.
    fs.accessSync(folder, fs.constants.W_OK)
    return null
  } catch {
    return 'storage_failed'
  }
}
