/**
 * Orders of marketplaces as the store's own orders. Each line says that its units are off the shelf already, so the store
 * takes nothing; our reference stands in the meta data, and in the company of the billing address, where its search looks.
 */
import { z } from 'zod'
import { writeAmount } from '../../domain/values.ts'
import type { EffectAnswer, KnownCopy, OutgoingCopy } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, largestPage, page, wc } from './client.ts'
import { asked, effect } from './effects.ts'
import { unreadable } from './errors.ts'
import { type Found, findItems } from './items.ts'
import { type ListingIds, readListingId, readTime } from './mapping.ts'
import { notFound } from './stock.ts'
import { list, made, meta, order } from './wire.ts'

const referenceKey = '_entrepot_reference'
const channelKey = '_entrepot_channel'
const orderKey = '_entrepot_order'
/** What a line took off the shelf (woocommerce, wc-stock-functions.php); one that has it takes nothing again. */
export const reducedKey = '_reduced_stock'

export async function findCopies(account: Account, reference: string): Promise<KnownCopy[]> {
  const { items, total } = await page(account, {
    operation: 'findCopies',
    path: wc('/orders'),
    query: { search: reference, per_page: largestPage },
    from: 0,
    answer: list,
  })
  if (total > items.length) throw unreadable('findCopies', false)
  // The search compares loosely; a reference is its exact text.
  return items.flatMap((raw) => {
    const { data } = order.safeParse(raw)
    if (!data) throw unreadable('findCopies', false)
    const isIt = data.meta_data.some(({ key, value }) => key === referenceKey && value === reference)
    return isIt ? [{ remoteId: String(data.id), reference, createdAt: readTime(data.date_created_gmt) }] : []
  })
}

export async function createCopy(account: Account, copy: OutgoingCopy): Promise<EffectAnswer> {
  return await effect(async () => {
    const [known] = await asked(findCopies(account, copy.reference))
    if (known) return { kind: 'applied', remoteId: known.remoteId }
    const ids = await asked(idsOf(account, copy))
    const { body } = await call(account, {
      operation: 'createCopy',
      method: 'POST',
      path: wc('/orders'),
      body: writeCopy(copy, ids),
      answer: made,
    })
    return { kind: 'applied', remoteId: String(body.id) }
  })
}

async function idsOf(account: Account, { lines }: OutgoingCopy): Promise<ListingIds[]> {
  const missing = lines.filter((line) => !readListingId(line.remoteProductId)).map((line) => line.remoteSku)
  const found = missing.length > 0 ? await findItems(account, missing) : new Map<string, Found>()
  return lines.map(({ remoteProductId, remoteSku }) => {
    const one = found.get(remoteSku)
    const ids = readListingId(remoteProductId) ?? (one?.kind === 'one' ? one.ids : null)
    if (!ids) throw notFound(one?.kind === 'odd' ? 'odd' : 'none')
    return ids
  })
}

/** Without e-mail and telephone: the store would write to a marketplace's buyer. */
function writeCopy(copy: OutgoingCopy, ids: readonly ListingIds[]) {
  const { currency, source, buyer, reference } = copy
  const money = (amount: number) => writeAmount({ amount, currency })
  const goods = copy.lines.reduce((sum, { unitPrice, quantity }) => sum + (unitPrice ?? 0) * quantity, 0)
  const rest = (copy.total ?? goods) - goods
  const place = {
    last_name: buyer?.name ?? '',
    address_1: buyer?.address?.line1 ?? '',
    address_2: buyer?.address?.line2 ?? '',
    city: buyer?.address?.city ?? '',
    state: buyer?.address?.region ?? '',
    postcode: buyer?.address?.postalCode ?? '',
    country: buyer?.address?.country ?? '',
  }
  return {
    status: 'processing',
    currency,
    payment_method_title: source.channel,
    billing: { ...place, company: reference },
    shipping: { ...place, company: buyer?.address?.company ?? '' },
    meta_data: [
      { key: referenceKey, value: reference },
      { key: channelKey, value: source.channel },
      { key: orderKey, value: source.orderRemoteId },
    ],
    line_items: copy.lines.map(({ title, remoteSku, quantity, unitPrice }, index) => {
      const { parentId, id } = ids[index]!
      const total = money((unitPrice ?? 0) * quantity)
      return {
        name: title || remoteSku,
        ...(parentId ? { product_id: parentId, variation_id: id } : { product_id: id }),
        quantity,
        subtotal: total,
        total,
        meta_data: [{ key: reducedKey, value: String(quantity) }],
      }
    }),
    ...(rest > 0
      ? { shipping_lines: [{ method_id: 'entrepot', method_title: source.channel, total: money(rest) }] }
      : {}),
  }
}

const originOfOrder = z.object({
  number: z.string().catch(''),
  created_via: z.string().catch(''),
  transaction_id: z.string().catch(''),
  meta_data: z.array(z.unknown()).catch([]),
})

/** Numbers of orders as marketplaces write them. */
const marketplaceNumbers: [channel: string, form: RegExp][] = [
  ['amazon', /\b\d{3}-\d{7}-\d{7}\b/],
  ['ebay', /\b\d{2}-\d{5}-\d{5}\b/],
]

/** What an order says of being a copy, made by us or by another tool. Only what tells of its origin is looked at. */
export function copyOf(raw: unknown) {
  const parsed = originOfOrder.safeParse(raw)
  if (!parsed.success) return null
  const { number, created_via, transaction_id } = parsed.data
  const metas = parsed.data.meta_data.flatMap((one) => meta.safeParse(one).data ?? [])
  const own = (name: string) => {
    const value = metas.find(({ key }) => key === name)?.value
    return typeof value === 'string' ? value : null
  }
  const channel = own(channelKey)
  if (channel) return { reference: own(referenceKey), channel, orderRemoteId: own(orderKey) }
  const ofMarketplaces = metas.filter(({ key }) => /amazon|ebay|walmart|wpla|wple/i.test(key))
  const texts = [number, transaction_id, ...ofMarketplaces.map(({ value }) => String(value))]
  for (const [marketplace, form] of marketplaceNumbers) {
    const found = texts.map((text) => form.exec(text)?.[0]).find(Boolean)
    if (found) return { reference: null, channel: marketplace, orderRemoteId: found }
  }
  const word = /^(amazon|ebay|walmart)/i.exec(created_via)?.[0]
  return word ? { reference: null, channel: word.toLowerCase(), orderRemoteId: null } : null
}
