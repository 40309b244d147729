/** Texts of what comes after connecting: the first reading, matching, and the catalog made of listings. */
export const enMatching = {
  firstPull: {
    title: 'First reading',
    listings: 'Listings',
    orders: 'Orders',
    waiting: 'begins soon',
    read: '{{items}} read ({{pages}} pages)',
    readOf: '{{items}} of {{total}} read ({{pages}} pages)',
    begun: 'begun',
    expected: '· done',
    done: 'done',
    stopped: 'stopped with the account; it goes on from here',
    failure: 'The last call failed ({{code}}); it is tried again by itself.',
  },
} as const
