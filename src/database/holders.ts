/**
 * Names of lease holders. A name says which process it is, so that another process on the same machine can prove that
 * it is gone and need not wait for its lease to run out. Whatever cannot be proven counts as alive.
 */
import fs from 'node:fs'
import os from 'node:os'

export interface Holders {
  /** The name of this process, with a part that no other start has. */
  name(nonce: string): string
  /** True only where the process of that name can run no instruction any more. */
  isDead(holder: string): boolean
}

/**
 * `oneMachine`: everything that reaches the database runs on this machine (the built-in one). Where the system does not
 * tell processes apart by their start, that makes a process number enough: one that exists is taken for alive.
 */
export function holders(options: { oneMachine: boolean }): Holders {
  const space = spaceOf(options.oneMachine)
  return {
    name: (nonce) => [os.hostname(), process.pid, stateOf(process.pid)?.start ?? '', space, nonce].join('|'),
    isDead(holder) {
      const [, pid = '', start = '', where = ''] = holder.split('|')
      return where !== '' && where === space && /^[1-9]\d*$/.test(pid) && isGone(Number(pid), start)
    },
  }
}

/** Within what a process number and its start mean the same: one boot, one space of numbers, one way to count time. */
function spaceOf(oneMachine: boolean): string {
  try {
    // A mounted /proc of another container would tell about other processes.
    if (fs.readlinkSync('/proc/self') !== String(process.pid)) return ''
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    // The start of a process is shown shifted in a time namespace; kernels before 5.6 have none.
    const time = fs.existsSync('/proc/self/ns/time') ? fs.readlinkSync('/proc/self/ns/time') : ''
    return [boot, fs.readlinkSync('/proc/self/ns/pid'), time].join(' ')
  } catch {
    return oneMachine && process.platform !== 'linux' ? `machine ${os.hostname()}` : ''
  }
}

function isGone(pid: number, start: string): boolean {
  const state = stateOf(pid)
  if (state && state.start !== start) return true
  // Ended and not collected by its parent yet; the last of its threads has ended too.
  if (state) return ['Z', 'X'].includes(state.letter) && state.threads <= 1
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    // Anything but "no such process" is a process that is hidden from us.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Linux's word about a process; undefined on other systems, for hidden processes and for none. */
function stateOf(pid: number): { letter: string; threads: number; start: string } | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Behind the name, which may hold anything: state is the third field, threads the 20th, start the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { letter: fields[0]!, threads: Number(fields[17]), start: fields[19]! }
  } catch {
    return undefined
  }
}
