/** What the store holds at its locations: a whole walk first, then what changed since, and a whole walk now and then. */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { StoreLevel } from '../capabilities.ts'
import type { Account, Pulled, Unreadable } from '../connector.ts'
import { call } from './client.ts'
import { locations as locationsDocument } from './documents.ts'
import * as documents from './documents-account.ts'
import { readId, writeId } from './mapping.ts'
import { locationsAnswer } from './wire.ts'
import { level, levelsAnswer, type WireStoreLevel } from './wire-account.ts'

const overlapMs = 5 * 60_000
const wholeEveryMs = 6 * 3_600_000

const cursorSchema = z.object({
  /** All that changed before this was told. */
  completeTo: z.iso.datetime().nullable(),
  wholeAt: z.iso.datetime().nullable(),
  walk: z
    .object({
      begunAt: z.iso.datetime(),
      since: z.iso.datetime().nullable(),
      left: z.array(z.string()).min(1),
      after: z.string().nullable(),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>

export async function pullLocations(account: Account) {
  const found: { remoteId: string; name: string; active: boolean }[] = []
  for (let after = null as string | null; ; ) {
    const { data }: { data: z.output<typeof locationsAnswer> } = await call(
      account,
      locationsDocument,
      { after },
      locationsAnswer,
    )
    found.push(
      ...data.locations.nodes.map(({ id, name, isActive }) => ({ remoteId: readId(id), name, active: isActive })),
    )
    const { hasNextPage, endCursor } = data.locations.pageInfo
    if (!hasNextPage || !endCursor) return found
    after = endCursor
  }
}

export async function pullStoreStock(account: Account, saved: unknown): Promise<Pulled<StoreLevel>> {
  const parsed = cursorSchema.safeParse(saved)
  const cursor: Cursor = parsed.success ? parsed.data : { completeTo: null, wholeAt: null }
  const walk = cursor.walk ?? (await begin(account, cursor))
  if (!walk) return { items: [], next: cursor, more: false }
  const [locationId, ...others] = walk.left
  const { data } = await call(
    account,
    documents.levels,
    {
      location: writeId('Location', locationId!),
      first: documents.levelsPage,
      after: walk.after,
      query: walk.since && `updated_at:>='${walk.since}'`,
    },
    levelsAnswer,
  )
  const told = data.location ? read(data.location) : { items: [], unreadable: [] }
  const pageInfo = data.location?.inventoryLevels.pageInfo
  if (pageInfo?.hasNextPage) {
    if (!pageInfo.endCursor) throw new ChannelError('unavailable', 'unreadable', 'a page has no end')
    return { ...told, next: { ...cursor, walk: { ...walk, after: pageInfo.endCursor } }, more: true }
  }
  if (others.length > 0)
    return { ...told, next: { ...cursor, walk: { ...walk, left: others, after: null } }, more: true }
  const next: Cursor = { completeTo: walk.begunAt, wholeAt: walk.since === null ? walk.begunAt : cursor.wholeAt }
  return { ...told, next, more: false }
}

async function begin(account: Account, { completeTo, wholeAt }: Cursor): Promise<Cursor['walk']> {
  const left = (await pullLocations(account)).filter((one) => one.active).map((one) => one.remoteId)
  if (left.length === 0) return undefined
  const now = account.now()
  const isWhole = completeTo === null || wholeAt === null || now.getTime() - Date.parse(wholeAt) >= wholeEveryMs
  const since = isWhole ? null : new Date(Date.parse(completeTo) - overlapMs).toISOString()
  return { begunAt: now.toISOString(), since, left, after: null }
}

function read({ id, name, inventoryLevels }: { id: string; name: string; inventoryLevels: { nodes: unknown[] } }) {
  const location = { remoteId: readId(id), name }
  const items: StoreLevel[] = []
  const unreadable: Unreadable[] = []
  for (const raw of inventoryLevels.nodes) {
    const parsed = level.safeParse(raw)
    if (!parsed.success) {
      const sku = (raw as { item?: { sku?: unknown } } | null)?.item?.sku
      const where = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
      unreadable.push({ remoteId: typeof sku === 'string' ? sku : '?', where, raw })
    } else if (parsed.data.item.sku && parsed.data.item.tracked) items.push(readLevel(parsed.data, location))
  }
  return { items, unreadable }
}

function readLevel({ item, updatedAt, quantities }: WireStoreLevel, location: StoreLevel['location']): StoreLevel {
  const units = (name: string) => quantities.find((one) => one.name === name)?.quantity ?? 0
  return {
    location,
    remoteSku: item.sku!,
    onHand: units('on_hand'),
    available: units('available'),
    committed: units('committed'),
    changedAt: new Date(updatedAt),
  }
}
