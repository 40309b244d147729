/**
 * Orders of marketplaces as the store's own orders. They leave its stock alone, carry our reference, and are looked for by
 * it before one is made.
 */
import { writeAmount } from '../../domain/values.ts'
import type { EffectAnswer, KnownCopy, OutgoingCopy } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents-effects.ts'
import { asked, effect, outcomeOf } from './effects.ts'
import { quote } from './items.ts'
import { readId, readListingId, writeId } from './mapping.ts'
import { copiesAnswer, createCopyAnswer, originOfOrder } from './wire-effects.ts'

const channelKey = 'entrepot-channel'
const orderKey = 'entrepot-order'

export async function findCopies(account: Account, reference: string): Promise<KnownCopy[]> {
  const query = `source_identifier:${quote(reference)}`
  const { data } = await call(account, documents.findCopies, { query }, copiesAnswer)
  // The search compares loosely; a reference is its exact text.
  return data.orders.nodes
    .filter((one) => one.sourceIdentifier === reference)
    .map((one) => ({ remoteId: readId(one.id), reference, createdAt: new Date(one.createdAt) }))
}

export async function createCopy(account: Account, copy: OutgoingCopy): Promise<EffectAnswer> {
  return await effect(async () => {
    const [known] = await asked(findCopies(account, copy.reference))
    if (known) return { kind: 'applied', remoteId: known.remoteId }
    const { data } = await call(account, documents.createCopy, { order: writeCopy(copy) }, createCopyAnswer)
    const id = data.orderCreate?.order?.id
    return outcomeOf('createCopy', data.orderCreate?.userErrors, id && readId(id))
  })
}

/** Without e-mail and telephone: the store would write to a marketplace's buyer. */
function writeCopy(copy: OutgoingCopy) {
  const { currency, source } = copy
  const address = copy.buyer?.address
  const country = address?.country
  return {
    currency,
    sourceIdentifier: copy.reference,
    sourceName: 'entrepot',
    processedAt: copy.placedAt.toISOString(),
    financialStatus: 'PAID',
    tags: ['entrepot', source.channel],
    customAttributes: [
      { key: channelKey, value: source.channel },
      { key: orderKey, value: source.orderRemoteId },
    ],
    lineItems: copy.lines.map(({ remoteSku, remoteProductId, title, quantity, unitPrice }) => {
      const ids = readListingId(remoteProductId)
      return {
        ...(ids ? { variantId: writeId('ProductVariant', ids.variantId) } : {}),
        sku: remoteSku,
        title: title || remoteSku,
        quantity,
        requiresShipping: true,
        priceSet: {
          shopMoney: { amount: writeAmount({ amount: unitPrice ?? 0, currency }), currencyCode: currency },
        },
      }
    }),
    ...(address && country && /^[A-Z]{2}$/.test(country)
      ? {
          shippingAddress: {
            lastName: copy.buyer?.name ?? '',
            company: address.company ?? null,
            address1: address.line1 ?? null,
            address2: address.line2 ?? null,
            city: address.city ?? null,
            provinceCode: address.region ?? null,
            zip: address.postalCode ?? null,
            countryCode: country,
          },
        }
      : {}),
  }
}

/** Numbers of orders as marketplaces write them. */
const marketplaceNumbers: [channel: string, form: RegExp][] = [
  ['amazon', /\b\d{3}-\d{7}-\d{7}\b/],
  ['ebay', /\b\d{2}-\d{5}-\d{5}\b/],
]

/** What an order says of being a copy, made by us or by another tool. Only what tells of its origin is looked at. */
export function copyOf(raw: unknown) {
  const parsed = originOfOrder.safeParse(raw)
  if (!parsed.success) return null
  const { name, sourceName, sourceIdentifier, tags, customAttributes } = parsed.data
  const attribute = (key: string) => customAttributes.find((one) => one.key === key)?.value ?? null
  const channel = attribute(channelKey)
  if (channel) return { reference: sourceIdentifier ?? null, channel, orderRemoteId: attribute(orderKey) }
  const texts = [sourceIdentifier, name, ...customAttributes.map((one) => one.value), ...tags]
  for (const [marketplace, form] of marketplaceNumbers) {
    const found = texts.map((text) => (text ? form.exec(text)?.[0] : undefined)).find(Boolean)
    if (found) return { reference: null, channel: marketplace, orderRemoteId: found }
  }
  const word = [sourceName, ...tags].find((text) => text && /^(amazon|ebay|walmart)/i.test(text))
  return word ? { reference: null, channel: /^[a-z]+/i.exec(word)![0].toLowerCase(), orderRemoteId: null } : null
}
