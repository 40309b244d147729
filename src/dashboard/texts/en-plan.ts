import { enNotifications } from './en-notifications.ts'

/** Texts of what is still to be sent, and of a bulk change before it is saved. */
export const enPlan = {
  ...enNotifications,
  plan: {
    title: 'How it is sent',
    line: '{{account}}: {{text}}',
    both: '{{how}} {{end}}',
    sending: 'Sending',
    counts: '{{due}} to be sent, {{calls}} in calls, {{feeds}} in feeds, {{waiting}} waiting for bound units',
    byCall_one: '{{count}} call.',
    byCall_other: '{{count}} calls.',
    byFeed_one: '{{calls}} calls and {{count}} feed of {{lines}} listings.',
    byFeed_other: '{{calls}} calls and {{count}} feeds of {{lines}} listings.',
    atOnce: 'Done at once.',
    doneIn: 'Done in about {{time}}.',
    doneBetween: 'Done in {{from}} to {{to}}.',
    noWay_one: '{{count}} listing changes; nothing can be sent there now.',
    noWay_other: '{{count}} listings change; nothing can be sent there now.',
    notLive_one: '{{count}} listing; nothing is written while the account is not live.',
    notLive_other: '{{count}} listings; nothing is written while the account is not live.',
    feed_one: 'A feed with {{count}} listing left',
    feed_other: 'A feed with {{count}} listings left',
    feedLost_one:
      'A feed with {{count}} listing got no answer; its listings wait until the channel has none open. It left',
    feedLost_other:
      'A feed with {{count}} listings got no answer; its listings wait until the channel has none open. It left',
    stuck: 'It takes longer than usual. Sell-outs go past it at once; all else waits for it.',
    showListings_one: 'Show the {{count}} listing',
    showListings_other: 'Show the {{count}} listings one by one',
    listings: 'Listings that change',
    sku: 'SKU',
    account: 'Account',
    shows: 'Shows now',
    will: 'Will show',
    limit: 'Limit',
    waits: '(a little later)',
    elsewhere: 'another tool writes it',
  },
} as const
