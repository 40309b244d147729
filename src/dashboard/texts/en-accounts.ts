/** What is read of an account. */
export const enStreams = {
  orders: 'Orders',
  listings: 'Listings',
  'held-stock': 'Held by channel',
  'store-stock': 'Store’s stock',
  settlements: 'Settlements',
  stock: 'Stock',
  feeds: 'Feeds',
} as const

/** What an account does in each stage. */
export const enStageText = {
  sandbox: 'Works with the channel’s sandbox.',
  shadow: 'Reads for real, writes nothing.',
  live: 'Reads orders and writes quantities.',
  paused: 'Neither reads nor writes.',
} as const
