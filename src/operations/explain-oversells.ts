/** The chain of events behind each oversell of a variant, with the calls of the journal that belong to it. */
import type { Sql } from '../database/pool.ts'
import {
  type CallQuestion,
  type CallRef,
  callsOf,
  historyOf,
  listOversells,
  type Place,
  placesFor,
} from '../database/views/oversells.ts'
import type { Page, PageQuery } from '../database/views/page.ts'
import { type ChainLink, type Oversell, type OversellChain, oversellChain } from '../domain/oversells.ts'
import type { Context } from './context.ts'

export interface ExplainedLink {
  link: ChainLink
  place: Place | null
  call: CallRef | null
}

export interface ExplainedOversell extends Omit<OversellChain, 'links'> {
  oversell: Oversell
  links: ExplainedLink[]
}

/** Newest first. */
export async function explainOversells(
  db: Sql,
  { registry }: Pick<Context, 'registry'>,
  variantId: string,
  query: PageQuery,
): Promise<Page<ExplainedOversell>> {
  const page = await listOversells(db, variantId, query)
  const places = page.items.length === 0 ? [] : await placesFor(db, variantId)
  const placeOf = new Map(places.map((place) => [place.slotId, place]))
  const isStore = (channel: string) => registry.get(channel)?.ordersKnownAtOnce === true
  const items: ExplainedOversell[] = []
  for (const oversell of page.items) {
    const history = await historyOf(db, variantId, places, oversell, isStore)
    const { links, ...chain } = oversellChain(oversell, history)
    const asked = links.map((link, index) => questionOf(link, String(index), placeOf))
    const calls = await callsOf(
      db,
      asked.flatMap((one) => one ?? []),
    )
    items.push({
      oversell,
      ...chain,
      links: links.map((link, index) => ({
        link,
        place: link.slotId === null ? null : (placeOf.get(link.slotId) ?? null),
        call: calls.get(String(index)) ?? null,
      })),
    })
  }
  return { ...page, items }
}

/** A call leaves after its intent is stored, and is over before its outcome is. */
const unansweredMs = 60_000

function questionOf(link: ChainLink, key: string, placeOf: ReadonlyMap<string, Place>): CallQuestion | null {
  const place = link.slotId === null ? undefined : placeOf.get(link.slotId)
  if (!place) return null
  const { accountId, remoteSku } = place
  if (link.kind === 'sent') {
    const { sentAt, answeredAt } = link.write
    const until = new Date(answeredAt ?? sentAt + unansweredMs)
    return { key, accountId, remoteSku, isWrite: true, since: new Date(sentAt), until }
  }
  if (link.kind !== 'misfit' || link.misfit.askedAt === null) return null
  const { askedAt, at } = link.misfit
  return { key, accountId, remoteSku, isWrite: false, since: new Date(askedAt), until: new Date(at) }
}
