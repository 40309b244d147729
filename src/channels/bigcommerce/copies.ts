/**
 * Orders of marketplaces as the store's own orders. Their lines are given by name and price and not as products of the
 * catalog, so that the store's numbers stay as they are, whatever its settings say (Orders Overview: custom products).
 */
import { z } from 'zod'
import { writeAmount } from '../../domain/values.ts'
import type { EffectAnswer, KnownCopy, OutgoingCopy } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { asked, call } from './client.ts'
import { effect } from './effects.ts'
import { idAnswer, origin } from './wire.ts'

const awaitingFulfillment = 11
const ours = 'Entrepot '
const longestName = 250

const known = z.object({
  id: z.number().int(),
  date_created: z.string(),
  external_order_id: z.string().nullish().catch(null),
})

export async function findCopies(account: Account, reference: string): Promise<KnownCopy[]> {
  const { body } = await call(account, {
    operation: 'findOrders',
    version: 'v2',
    method: 'GET',
    path: '/orders',
    query: { external_order_id: reference, limit: 50 },
    mayBeEmpty: true,
    answer: z.array(known),
  })
  return body
    .filter((one) => one.external_order_id === reference)
    .map((one) => ({ remoteId: String(one.id), reference, createdAt: new Date(one.date_created) }))
}

export async function createCopy(account: Account, copy: OutgoingCopy): Promise<EffectAnswer> {
  return await effect(async () => {
    const [found] = await asked(findCopies(account, copy.reference))
    if (found) return { kind: 'applied', remoteId: found.remoteId }
    const { body } = await call(account, {
      operation: 'createOrder',
      version: 'v2',
      method: 'POST',
      path: '/orders',
      body: writeCopy(copy),
      answer: idAnswer,
    })
    return { kind: 'applied', remoteId: String(body.id) }
  })
}

/** Without e-mail and telephone: the store would write to a marketplace's buyer. */
function writeCopy({ reference, source, currency, placedAt, lines, buyer }: OutgoingCopy) {
  const address = buyer?.address
  const to = {
    first_name: '',
    last_name: buyer?.name ?? source.channel,
    company: address?.company ?? '',
    street_1: address?.line1 ?? '',
    street_2: address?.line2 ?? '',
    city: address?.city ?? '',
    state: address?.region ?? '',
    // Two characters at least (billingAddress_Base).
    zip: (address?.postalCode ?? '').length < 2 ? '00000' : address!.postalCode!,
    country_iso2: address?.country ?? '',
  }
  return {
    status_id: awaitingFulfillment,
    customer_id: 0,
    date_created: placedAt.toUTCString().replace('GMT', '+0000'),
    default_currency_code: currency,
    external_source: `${ours}${source.channel}`,
    external_order_id: reference,
    staff_notes: `${source.channel} ${source.orderRemoteId}`,
    billing_address: to,
    shipping_addresses: [to],
    products: lines.map(({ remoteSku, title, quantity, unitPrice }) => {
      const price = Number(writeAmount({ amount: unitPrice ?? 0, currency }))
      return {
        name: (title || remoteSku).slice(0, longestName),
        sku: remoteSku,
        quantity,
        price_inc_tax: price,
        price_ex_tax: price,
      }
    }),
  }
}

/** Numbers of orders as marketplaces write them. */
const marketplaceNumbers: [channel: string, form: RegExp][] = [
  ['amazon', /\b\d{3}-\d{7}-\d{7}\b/],
  ['ebay', /\b\d{2}-\d{5}-\d{5}\b/],
]

/** What an order says of being a copy, made by us or by another tool. Only what tells of its origin is looked at. */
export function copyOf(raw: unknown) {
  const parsed = origin.safeParse(raw)
  if (!parsed.success) return null
  const { external_source: source, external_order_id: reference, staff_notes: notes } = parsed.data
  if (source?.startsWith(ours)) {
    const channel = source.slice(ours.length)
    const orderRemoteId = notes?.startsWith(`${channel} `) ? notes.slice(channel.length + 1) : null
    return { reference: reference ?? null, channel, orderRemoteId: orderRemoteId || null }
  }
  const { external_id: externalId, ebay_order_id: ebayId, order_source: orderSource } = parsed.data
  if (ebayId && ebayId !== '0') return { reference: null, channel: 'ebay', orderRemoteId: ebayId }
  for (const [channel, form] of marketplaceNumbers) {
    const found = [externalId, reference].map((text) => (text ? form.exec(text)?.[0] : undefined)).find(Boolean)
    if (found) return { reference: null, channel, orderRemoteId: found }
  }
  const word = [orderSource, source].find((text) => text && /^(amazon|ebay|walmart)/i.test(text))
  if (!word) return null
  return { reference: null, channel: /^[a-z]+/i.exec(word)![0].toLowerCase(), orderRemoteId: externalId || null }
}
