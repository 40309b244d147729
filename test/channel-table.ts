/**
 * docs/channels.md: what the hub does on which channel, printed from the connectors' own declarations. Run by itself it
 * writes the page; a test finds a page that is stale.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Connector } from '../src/channels/connector.ts'
import { registry } from '../src/channels/registry.ts'

export const page = resolve(import.meta.dirname, '../docs/channels.md')

/** Keys of a connector that may be absent and are a capability; what only describes it is left out. */
type Described = 'requestIdHeader' | 'secretUrls' | 'identityOf' | 'allowedOrigins' | 'ordersKnownAtOnce'
type OptionalKey = { [K in keyof Connector]-?: undefined extends Connector[K] ? K : never }[keyof Connector]
export type Capability = Exclude<OptionalKey, Described>

interface Row {
  text: string
  /** How, where it can; `yes` where there is nothing more to say. */
  how(connector: Connector): string
}

const yes = () => 'yes'
const every = (ms: number | undefined) => (ms === undefined ? 'yes' : `every ${duration(ms)}`)

/** A new capability does not compile before it has its row here. */
const rows: Record<Capability, Row> = {
  orders: { text: 'Orders are read', how: ({ orders }) => every(orders?.everyMs) },
  listings: { text: 'Listings are read', how: ({ listings }) => every(listings?.everyMs) },
  stock: {
    text: 'Quantities are written and read back',
    how: ({ stock, quantityWrites }) =>
      `${quantityWrites === 'absolute' ? 'absolute' : 'compare-and-set'}, ${counted(stock!.pushBatch, 'listing')} a call${stock!.feed ? `, or by feed of ${stock!.feed.maxLines.toLocaleString('en')}` : ''}`,
  },
  heldStock: { text: 'Stock in the channel’s own warehouses', how: ({ heldStock }) => every(heldStock?.everyMs) },
  storeStock: {
    text: 'The store as master of stock',
    how: ({ storeStock, stock, quantityWrites }) => {
      // A master has to compare before it sets, or be looked at (docs/store-as-master.md).
      if (quantityWrites === 'absolute' && !stock?.looksFirst) return 'shown only'
      return `${every(storeStock?.everyMs)}${stock?.looksFirst ? ', looked at before each write' : ''}`
    },
  },
  acknowledgements: {
    text: 'Orders are acknowledged',
    how: ({ acknowledgements }) => `within ${duration(acknowledgements!.withinMs)}`,
  },
  shipments: { text: 'Shipments are confirmed', how: yes },
  cancellations: {
    text: 'Orders are canceled',
    how: ({ cancellations }) => (cancellations!.partial ? 'whole orders and single lines' : 'whole orders'),
  },
  refunds: { text: 'Refunds are issued', how: yes },
  prices: { text: 'Prices are written', how: ({ prices }) => `${counted(prices!.pushBatch, 'listing')} a call` },
  copies: { text: 'Orders of marketplaces are written into the store', how: yes },
  dispatches: { text: 'The channel ships orders of the own store from what it holds', how: yes },
  webhooks: {
    text: 'Webhooks from the channel',
    how: ({ webhooks }) => (webhooks!.subscribe ? 'subscribed by itself' : 'set up by hand'),
  },
  notifications: { text: 'Notifications through a queue', how: yes },
  consent: { text: 'Connected by consent in the browser', how: yes },
  checks: { text: 'Live checks when connecting', how: ({ checks }) => counted(checks!.length, 'check') },
  settlements: { text: 'Settlements are kept', how: ({ settlements }) => every(settlements?.everyMs) },
}

/** What the rule of the last unit is told of each channel. */
const promises: { text: string; of(connector: Connector): string | undefined }[] = [
  { text: 'A write usually shows within', of: ({ stock }) => stock && duration(stock.delays.effectMs) },
  {
    text: 'Sales up to a moment are known after',
    of: ({ stock, ordersKnownAtOnce }) =>
      ordersKnownAtOnce ? 'at once' : stock && duration(stock.delays.salesKnownMs),
  },
  { text: 'Margin added to that', of: ({ stock }) => stock && duration(stock.marginMs) },
  {
    text: 'A reading may be old by',
    of: ({ stock }) => stock && (stock.readsMayBeOldMs === 0 ? 'nothing' : duration(stock.readsMayBeOldMs)),
  },
  { text: 'A listing at rest is read again after', of: ({ stock }) => stock && duration(stock.auditEveryMs) },
]

function counted(count: number, thing: string): string {
  return count === 1 ? `one ${thing}` : `${count.toLocaleString('en')} ${thing}s`
}

function duration(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, 'day'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ]
  const [size, name] = units.find(([one]) => ms >= one && ms % one === 0) ?? [1_000, 's']
  const count = ms / size
  return `${Number.isInteger(count) ? count : count.toFixed(1)} ${name === 'day' && count !== 1 ? 'days' : name}`
}

/** The page for these connectors. */
export function channelPage(connectors: Iterable<Connector>): string {
  const all = [...connectors]
  const table = (first: string, lines: string[][]) =>
    [[first, ...all.map(({ title }) => title)], ['---', ...all.map(() => '---')], ...lines]
      .map((cells) => `| ${cells.join(' | ')} |`)
      .join('\n')
  const can = Object.entries(rows) as [Capability, Row][]
  return `# Channels: what the hub does where

<!-- Printed from the connectors by \`npm run channel-table\`; a test finds it stale. -->

A dash means that the hub does not do it on this channel. What is missing on all of them is not built yet.

${table(
  'What',
  can.map(([key, { text, how }]) => [text, ...all.map((one) => (one[key] ? how(one) : '—'))]),
)}

## How far a quantity can be trusted

An *absolute* write overwrites whatever stands there; *compare-and-set* changes a number only if it is still the expected
one. The times decide how long a listing waits before its units may be given elsewhere ([why](last-unit.md)).

${table(
  '',
  promises.map(({ text, of }) => [text, ...all.map((one) => of(one) ?? '—')]),
)}

## How each is proved

Every connector passes the same suite (\`src/channels/contract-suite.ts\`) against its simulator over real HTTP: pages, late
and changed orders, answers that are lost, cut or refused, tokens that run out, words that nobody knows, and that no buyer
shows in the journal. What a suite leaves out for a channel stands in that channel's \`contract.test.ts\`, with the reason.
`
}

if (process.argv[1] === import.meta.filename) writeFileSync(page, channelPage(registry.values()))
