/** What a benchmark is, and what it is given. */
import type { Measured } from './figure.ts'

/** What a peer is run with; stands beside the results. */
export interface PeerConfig {
  versions: Record<string, string | undefined>
  durability: string
  batch: string
}

export interface Run {
  /** One short round instead of five. */
  quick: boolean
  rounds: number
  figure(one: Measured): void
  /** Could not be measured: said plainly, and counted as skipped. */
  skip(one: Omit<Measured, 'values'>, why: string): void
  peer(name: string, config: PeerConfig): void
  /** A line for people, on standard error. */
  note(line: string): void
  /** Anything worth keeping beside the figures, by name. */
  keep(name: string, value: unknown): void
}

export interface Bench {
  name: string
  about: string
  run(run: Run): Promise<void>
}
