import type { FaultKind } from '../state.ts'

/** Which fault can happen to which call of the store. */
export function wooFaults(operations: readonly string[], anywhere: readonly FaultKind[]): Record<string, FaultKind[]> {
  const every: FaultKind[] = [...anywhere, 'revoke', 'wrong-date']
  return {
    ...Object.fromEntries(operations.map((name) => [name, every])),
    listOrders: [...every, 'omit', 'rewrite'],
    // wherever a number is shown
    stock: ['stale-read'],
  }
}
