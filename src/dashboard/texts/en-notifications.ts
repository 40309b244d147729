/** Texts of what channels tell by themselves. */
import { enStreams } from './en-accounts.ts'

export const enNotifications = {
  /** What is read of an account. */
  streamWord: enStreams,
  notifications: {
    title: 'Notifications',
    state: {
      none: 'Not set up',
      optional: 'If you like',
      unreachable: 'Cannot arrive',
      failing: 'Not subscribed',
      unproven: 'Not proven yet',
      proven: 'Arrive well',
      poor: 'Many are missing',
    },
    text: {
      optional: 'Your store may tell that its numbers changed; they are then read again at once.',
      none: 'This channel tells nothing by itself, or has no queue yet. Orders are found by asking.',
      unreachable:
        'Set PUBLIC_URL to the https address under which this hub is reached from the internet, and start it again. Until then orders are found by asking.',
      failing: 'Some could not be subscribed; it is tried again by itself. Orders are found by asking all the same.',
      unproven: 'Each one makes the hub look at once. When 20 orders in a row were announced, it asks less often.',
      proven: 'Orders are announced, so the hub asks less often. One that is not announced brings back the old pace.',
      poor: 'Many orders came without one. None is lost: they are found by asking, only later.',
    },
    last: 'Last one',
    lastNever: 'none yet',
    waiting_one: '{{count}} waits to be looked at',
    waiting_other: '{{count}} wait to be looked at',
    share: '{{announced}} of {{orders}} new orders of the last 7 days were announced',
    poll: 'Orders are asked for every {{every}}',
    refused_one: '{{count}} refused ({{why}}), the last one',
    refused_other: '{{count}} refused ({{why}}), the last one',
    failed: 'Not subscribed: {{topics}}',
    address: 'Address',
    addressText: 'Where the channel sends them. Nobody can guess it, and each call is checked by its signature.',
    test: 'Test the queue',
    sent: 'A test message is in the queue. “Last one” changes when it was read.',
    why: {
      no_queue: 'The account has no queue, or no key to it.',
      policy_missing: 'The queue’s policy does not let Amazon write into it. The guide shows the policy.',
      fifo_queue: 'It is a FIFO queue; Amazon needs a standard one.',
      another_queue: 'The ARN is another queue’s.',
      other: 'The queue refused ({{code}}). Check its ARN, the access key and its rights.',
    },
  },
} as const
