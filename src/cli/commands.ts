/** The commands that do one thing and end. */
import { accountsCommand } from './accounts.ts'
import { backupCommand, restoreCommand } from './backups.ts'
import { connectCommand } from './connect.ts'
import { exportCommand, importCommand } from './import-export.ts'
import { userCommand } from './people.ts'
import { probeCommand } from './probe.ts'
import { reconcileCommand } from './reconcile.ts'
import type { Command, Terminal } from './run.ts'
import type { Tools } from './tools.ts'
import { pullCommand, pushCommand } from './work.ts'

/** `tools` is asked for when a command runs: one that only prints its help reads no environment. */
export function terminalCommands(tools: () => Tools, terminal: Terminal): Record<string, Command> {
  const later: Tools = {
    open: () => tools().open(),
    get backups() {
      return tools().backups
    },
  }
  return {
    user: userCommand(later, terminal),
    accounts: accountsCommand(later, terminal),
    connect: connectCommand(later, terminal),
    pull: pullCommand(later, terminal),
    push: pushCommand(later, terminal),
    reconcile: reconcileCommand(later, terminal),
    probe: probeCommand(later, terminal),
    import: importCommand(later, terminal),
    export: exportCommand(later, terminal),
    backup: backupCommand(later, terminal),
    restore: restoreCommand(later, terminal),
  }
}
