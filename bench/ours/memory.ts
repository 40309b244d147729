/** What a hub and its database processes take of memory, together, as the kernel counts it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Memory {
  hubMb: number
  databaseMb: number
  processes: number
}

/** The process and everything it started. */
function family(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = parentOf(Number(name))
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const below = (one: number): number[] => [one, ...(children.get(one) ?? []).flatMap(below)]
  return below(pid)
}

function parentOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0)
}

/**
 * Proportional set size. The hub's own process counts whole, pages of files included: this program runs on the same
 * Node, and sharing those pages with it would make the hub look smaller than it is by itself.
 */
export function memoryOf(pid: number): Memory {
  let [hub, database, processes] = [0, 0, 0]
  for (const one of family(pid)) {
    const rollup = readFileSync(`/proc/${one}/smaps_rollup`, 'utf8')
    processes += 1
    if (readlinkSync(`/proc/${one}/exe`) === process.execPath) hub += field(rollup, 'Rss')
    else database += field(rollup, 'Pss')
  }
  return { hubMb: hub / 1_024, databaseMb: database / 1_024, processes }
}
