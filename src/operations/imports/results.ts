import type { RowFault } from '../../domain/import-rows.ts'

/** What a row does, or did. `before` and `after` are units on hand, for counts. */
export type RowResult =
  | { result: 'new' | 'changed' | 'same'; before?: number; after?: number }
  | { result: 'bad'; faults: readonly RowFault[] }
