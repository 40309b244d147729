/** What a file can hold, and what bringing or taking one needs. */
export const importKinds = ['variants', 'stock', 'mappings', 'orders'] as const
export type ImportKind = (typeof importKinds)[number]
