/**
 * What the database's own trouble means to a caller. All of it passes without a person, or with one who gives the disk
 * room: so a caller is told to come again, never that the program failed.
 */
import type { StorageTrouble } from './storage.ts'

export type DatabaseTrouble = 'database_away' | 'database_busy' | StorageTrouble

const away = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  // A server that became a replica after a failover.
  '25006',
  // Ended by an administrator, by a crash beside it, not yet up, dropped, idle too long.
  '57P01',
  '57P02',
  '57P03',
  '57P05',
])

/** The driver's own words where a connection ended or an answer did not come. They carry no code. */
const awayWords =
  /connection terminated|connection ended|not queryable|query read timeout|timeout exceeded when trying to connect/i

/** Null: the error says nothing about the database's health. */
export function troubleOf(error: unknown): DatabaseTrouble | null {
  const { code: found, message = '' } = (error ?? {}) as { code?: unknown; message?: string }
  const code = typeof found === 'string' ? found : ''
  if (
    code === '53100' ||
    code === 'ENOSPC' ||
    code === 'EDQUOT' ||
    /no space left on device|disk quota exceeded/i.test(message)
  )
    return 'storage_full'
  // A read-only file system comes as "insufficient privilege".
  if (
    code === '58030' ||
    code === 'EROFS' ||
    code === 'EIO' ||
    /read-only file system|input\/output error/i.test(message)
  )
    return 'storage_failed'
  // Out of connections, out of memory.
  if (code.startsWith('53')) return 'database_busy'
  if (code.startsWith('08') || away.has(code) || (code === '' && awayWords.test(message))) return 'database_away'
  return null
}
