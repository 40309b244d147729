/**
 * Shipments: one parcel a call (orders/v0 confirmShipment, which has no successor), read back from the order's packages.
 * The same reference again edits the parcel; a new one on a shipped order is refused (facts §5, models#5037).
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { EffectAnswer, KnownShipment, OutgoingShipment, Shipments } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { call, client } from './client.ts'
import { readSettings } from './settings.ts'
import { orderPackages } from './wire.ts'

/** Amazon's words for carriers, by ours. Whatever else goes as "Other" beside its name. */
const carriers = new Map(
  [
    'UPS',
    'USPS',
    'FedEx',
    'DHL',
    'DPD',
    'GLS',
    'TNT',
    'Royal Mail',
    'Parcelforce',
    'Deutsche Post',
    'Chronopost',
    'La Poste',
    'Poste Italiane',
    'Canada Post',
    'OnTrac',
  ].map((code) => [plain(code), code]),
)

function plain(name: string): string {
  return name.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase()
}

/** `marketplace`: where the order does not say, the account's first one. */
export function writeShipment(shipment: OutgoingShipment, marketplace: string) {
  const code = carriers.get(plain(shipment.carrier ?? ''))
  return {
    marketplaceId: shipment.marketplace ?? marketplace,
    packageDetail: {
      // As text: numbers are refused since 2026-01 (models#5094).
      packageReferenceId: shipment.reference,
      carrierCode: code ?? 'Other',
      ...(code ? {} : { carrierName: shipment.carrier || 'Other' }),
      trackingNumber: shipment.trackingNumber ?? '',
      shipDate: shipment.shippedAt.toISOString().replace(/\.\d{3}Z$/, 'Z'),
      orderItems: shipment.lines.map(({ remoteId, quantity }) => ({ orderItemId: remoteId, quantity })),
    },
  }
}

export function readPackages(raw: unknown): KnownShipment[] {
  return (orderPackages.parse(raw).packages ?? []).map((one) => ({
    remoteId: one.packageReferenceId,
    carrier: one.carrier ?? null,
    trackingNumber: one.trackingNumber ?? null,
    shippedAt: one.shipTime ? new Date(one.shipTime) : null,
    lines: (one.packageItems ?? []).map((item) => ({ remoteId: item.orderItemId, quantity: item.quantity })),
  }))
}

async function confirm(account: Account, shipment: OutgoingShipment): Promise<EffectAnswer> {
  const { marketplaceIds } = readSettings(account.settings)
  try {
    // The good answer has no body.
    await call(account, {
      operation: 'confirmShipment',
      method: 'POST',
      path: `/orders/v0/orders/${encodeURIComponent(shipment.orderRemoteId)}/shipmentConfirmation`,
      status: 204,
      body: writeShipment(shipment, marketplaceIds[0]!),
      answer: z.unknown(),
    })
    return { kind: 'applied', remoteId: shipment.reference }
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    // It is shipped already, by whomever: its packages tell by whom.
    const isThere = error.code === 'PackageToUpdateNotFound'
    return { kind: 'failed', error: isThere ? new ChannelError('conflict', error.code, error.message) : error }
  }
}

export const shipments: Shipments = {
  confirm,
  async read(account, orderRemoteId) {
    const { order } = await client.getOrder(account, orderRemoteId, 'PACKAGES')
    return readPackages(order)
  },
  // getOrder shows a change within half a minute (facts §5); twice that and more to be sure.
  visibleAfterMs: 120_000,
  needsTracking: true,
}
