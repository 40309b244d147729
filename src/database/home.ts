/**
 * Where the cluster lies. PostgreSQL refuses to run as root, and the OS user it runs as instead may be unable to reach
 * the data folder (a clone below /root, a folder of mktemp). Then the cluster gets a home of its own that the data
 * folder names, so that a newcomer's first start works wherever it is.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { type OsUser, run } from './binaries.ts'

const shelter = '/var/lib/entrepot'

export async function findHome(
  dataDir: string,
  user: OsUser | undefined,
  log: (message: string) => void,
): Promise<string> {
  const pointer = path.join(dataDir, 'postgres.location')
  if (fs.existsSync(pointer)) return fs.readFileSync(pointer, 'utf8').trim()
  if (!user || fs.existsSync(path.join(dataDir, 'postgres'))) return dataDir
  // The folder itself is the hub's own: passing through it shows nothing of what lies in it.
  const { mode, uid } = fs.statSync(dataDir)
  if (uid === process.getuid?.() && (mode & 0o001) === 0) fs.chmodSync(dataDir, (mode & 0o777) | 0o001)
  if (await canEnter(dataDir, user)) return dataDir
  const home = path.join(shelter, randomBytes(8).toString('hex'))
  fs.mkdirSync(home, { recursive: true, mode: 0o711 })
  for (const folder of [shelter, home]) fs.chmodSync(folder, 0o711)
  fs.writeFileSync(pointer, `${home}\n`, { mode: 0o600 })
  log(`The database lies in ${home}: the OS user ${user.name} that PostgreSQL runs as may not enter ${dataDir}.`)
  return home
}

async function canEnter(dir: string, user: OsUser): Promise<boolean> {
  const probe = await run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir], { user })
  if (probe.code !== null) return probe.code === 0
  // Without a shell to try, the mode bits of every folder on the way decide.
  for (let folder = dir; ; folder = path.dirname(folder)) {
    const { mode, uid, gid } = fs.statSync(folder)
    if ((mode & (uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001)) === 0) return false
    if (folder === path.dirname(folder)) return true
  }
}
