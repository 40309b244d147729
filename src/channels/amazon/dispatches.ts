/** Multi-channel fulfillment: Amazon ships orders of the own store from what it holds (fulfillmentOutbound 2020-07-01). */
import { ChannelError } from '../../domain/errors.ts'
import type { Buyer } from '../../domain/orders.ts'
import type { Dispatches, EffectAnswer, KnownDispatch, OutgoingDispatch } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call } from './client.ts'
import { readSettings } from './settings.ts'
import { fulfillmentOrder, nothing, type WireFulfillmentOrder } from './wire.ts'

const base = '/fba/outbound/2020-07-01/fulfillmentOrders'
const encode = encodeURIComponent

export const outbound = {
  /** POST /fba/outbound/2020-07-01/fulfillmentOrders */
  create(account: Account, body: object) {
    return call(account, { operation: 'createFulfillmentOrder', method: 'POST', path: base, body, answer: nothing })
  },

  /** GET /fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId} */
  get(account: Account, id: string) {
    const path = `${base}/${encode(id)}`
    return call(account, { operation: 'getFulfillmentOrder', method: 'GET', path, answer: fulfillmentOrder })
  },

  /** PUT /fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}/cancel */
  cancel(account: Account, id: string) {
    const path = `${base}/${encode(id)}/cancel`
    return call(account, { operation: 'cancelFulfillmentOrder', method: 'PUT', path, answer: nothing })
  },
}

/** Words of FulfillmentOrderStatus (model). */
const states: Record<string, KnownDispatch['state']> = {
  New: 'working',
  Received: 'working',
  Planning: 'working',
  Processing: 'working',
  Cancelled: 'canceled',
  Complete: 'shipped',
  CompletePartialled: 'failed',
  Unfulfillable: 'failed',
  Invalid: 'failed',
}

/** What the model requires of an address; one that lacks it is refused before anything is sent. */
function addressOf({ name, phone, address = {} }: Buyer) {
  const { line1, line2, line3, city, district, region, postalCode, country } = address
  if (!name || !line1 || !postalCode || !country) return undefined
  return {
    name,
    addressLine1: line1,
    ...(line2 ? { addressLine2: line2 } : {}),
    ...(line3 ? { addressLine3: line3 } : {}),
    ...(city ? { city } : {}),
    ...(district ? { districtOrCounty: district } : {}),
    ...(region ? { stateOrRegion: region } : {}),
    postalCode,
    countryCode: country,
    ...(phone ? { phone } : {}),
  }
}

export function writeDispatch(dispatch: OutgoingDispatch, address: object) {
  return {
    ...(dispatch.marketplace ? { marketplaceId: dispatch.marketplace } : {}),
    sellerFulfillmentOrderId: dispatch.reference,
    // Both stand on the packing slip; 40 characters at most.
    displayableOrderId: dispatch.orderName.slice(0, 40),
    displayableOrderDate: dispatch.placedAt.toISOString().replace(/\.\d{3}Z$/, 'Z'),
    displayableOrderComment: 'Thank you for your order.',
    shippingSpeedCategory: 'Standard',
    // All or nothing: what it cannot ship whole is told and shipped by hand.
    fulfillmentPolicy: 'FillOrKill',
    destinationAddress: address,
    items: dispatch.lines.map((line) => ({
      sellerSku: line.remoteSku,
      sellerFulfillmentOrderItemId: line.reference,
      quantity: line.quantity,
    })),
  }
}

/** A shipment counts once all of its parcels have left; one with several parcels is told by its first number. */
export function readDispatch({ fulfillmentOrder, fulfillmentShipments }: WireFulfillmentOrder): KnownDispatch {
  const shipped = (fulfillmentShipments ?? []).filter((one) => one.fulfillmentShipmentStatus === 'SHIPPED')
  const state = states[fulfillmentOrder.fulfillmentOrderStatus] ?? 'unknown'
  return {
    state: state === 'working' && shipped.length > 0 ? 'partly_shipped' : state,
    parcels: shipped.map((one) => {
      const parcel = one.fulfillmentShipmentPackage?.[0]
      return {
        remoteId: one.amazonShipmentId,
        shippedAt: one.shippingDate ? new Date(one.shippingDate) : null,
        carrier: parcel?.carrierCode ?? null,
        trackingNumber: parcel?.trackingNumber ?? null,
        lines: one.fulfillmentShipmentItem.map((item) => ({
          reference: item.sellerFulfillmentOrderItemId,
          quantity: item.quantity,
        })),
      }
    }),
  }
}

async function order(account: Account, dispatch: OutgoingDispatch): Promise<EffectAnswer> {
  const address = addressOf(dispatch.buyer)
  if (!address) {
    const message = 'the address lacks a name, a street, a postal code or a country'
    return { kind: 'failed', error: new ChannelError('rejected', 'address_incomplete', message) }
  }
  const { marketplaceIds } = readSettings(account.settings)
  const marketplace = dispatch.marketplace ?? marketplaceIds[0]!
  try {
    await outbound.create(account, writeDispatch({ ...dispatch, marketplace }, address))
    return { kind: 'applied', remoteId: dispatch.reference }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    return { kind: 'failed', error }
  }
}

export const dispatches: Dispatches = {
  order,
  async read(account, reference) {
    try {
      const { payload } = await outbound.get(account, reference)
      return payload ? readDispatch(payload) : null
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'missing') return null
      throw error
    }
  },
  async cancel(account, reference) {
    try {
      await outbound.cancel(account, reference)
    } catch (error) {
      // Too late, or canceled before: the order tells.
      if (!(error instanceof ChannelError) || (error.kind !== 'rejected' && error.kind !== 'missing')) throw error
    }
  },
  visibleAfterMs: 60_000,
  everyMs: 15 * 60_000,
}
