/** What main.ts hands to the commands. */
import type { BackupReport } from '../operations/backup.ts'
import type { Context } from '../operations/context.ts'
import type { RestoreReport } from '../operations/restore.ts'
import type { SignInContext } from '../sign-in/people.ts'

export interface Opened {
  ctx: Context
  people: SignInContext
  holder: string
  isDead(holder: string): boolean
  /** Where people and channels reach the hub. */
  publicUrl: string
  /** Variables of the environment, for secrets that must stand on no command line. */
  environment: Readonly<Record<string, string | undefined>>
  close(): Promise<void>
}

interface Keys {
  masterKey: Buffer
  epochKeys: Record<string, string>
}

export interface Tools {
  /** The installation, opened for one command. */
  open(): Promise<Opened>
  backups: {
    backup(file: string, options: { withoutJournal: boolean }): Promise<BackupReport>
    /** Restores into a database of its own that is thrown away, and compares. */
    check(file: string, masterKey?: Buffer): Promise<RestoreReport>
    restore(file: string, options: { keys?: Keys | undefined; replace: boolean }): Promise<RestoreReport>
    sealKeys(passphrase: string): Promise<string>
    openKeys(text: string, passphrase: string, file: string): Promise<Keys>
    /** How many daily keys this installation has. */
    epochKeyCount(): number
  }
}
