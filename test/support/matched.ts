/** What the routes of matching are asked with, and the queries that routes need to find something. */

export const queries: Readonly<Record<string, string>> = {
  imports: 'kind=variants',
  'publishing-rules/preview/slots': 'cap=0',
  matching: 'view=linked',
}

export const matchingBodies = {
  linkSkus: () => ({ account: 'Store', links: [{ remoteSku: 'SPARE', sku: 'MUG' }] }),
  acceptSure: () => ({ account: 'Store' }),
  createFromSkus: () => ({ account: 'Store', items: [{ remoteSku: 'GHOST' }] }),
  ignoreSkus: () => ({ account: 'Store', remoteSkus: ['GHOST'], ignored: true }),
  // Nothing was sold through it.
  unlinkSku: () => ({ account: 'Store', remoteSku: 'SPARE' }),
  runCatalog: () => ({}),
}
