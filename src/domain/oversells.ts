/**
 * After an oversell: the events that led to it, in order, with the one that caused it. An oversell here is a fact that left
 * units sold without stock (short), or claims without units (uncovered).
 *
 * Pure. Moments are milliseconds of UTC; units are those of the variant.
 */
import { compareText } from './values.ts'

export type OversellMode = 'guarded' | 'adaptive' | 'shared'

/** One rise, with what stood right before and after it. */
export interface Oversell {
  seq: number
  at: number
  short: number
  uncovered: number
  uncoveredBefore: number
  /** Slots whose claim was not known. */
  unknownClaims: number
  mode: OversellMode
}

/** Units that a channel sold, and when that was learned here. */
export interface LearnedSale {
  seq: number
  slotId: string | null
  orderId: string
  remoteId: string
  units: number
  placedAt: number
  learnedAt: number
  /** By a channel; by a store that may have sold it at a till, so that no slot was lowered; or it waited for its SKU to be linked. */
  told: 'by-channel' | 'by-store' | 'by-link'
}

/** A checkout of an own store that took units. */
export interface OwnPromise {
  seq: number
  at: number
  units: number
}

/** Stock that was received, counted or adjusted: sellable units more or fewer. */
export interface StockMove {
  seq: number
  at: number
  kind: string
  units: number
  actor: string
  note: string | null
}

export interface SentWrite {
  id: string
  slotId: string
  value: number
  expected: number | null
  sentAt: number
  outcome: string | null
  answeredAt: number | null
}

/** What did not fit at a slot: a reading, a sale, a claim that was first known. */
export interface SlotMisfit {
  seq: number
  slotId: string
  kind: 'higher' | 'lower' | 'lost' | 'late' | 'beyond' | 'joined'
  at: number
  /** Shown by a reading, sold beyond what could be, claimed. */
  units: number
  expected: number | null
  askedAt: number | null
  /** Of a sale behind the watermark. */
  placedAt: number | null
}

export interface ModeChange {
  seq: number
  at: number
  was: OversellMode
  mode: OversellMode
  actor: string
}

/** Everything known of the variant over the window. */
export interface OversellHistory {
  sales: readonly LearnedSale[]
  promises: readonly OwnPromise[]
  moves: readonly StockMove[]
  writes: readonly SentWrite[]
  misfits: readonly SlotMisfit[]
  modes: readonly ModeChange[]
  /** Rises before this one. */
  earlier: readonly Oversell[]
}

export type Cause =
  /** An order came behind its watermark: what it took had been given up already. */
  | 'late-order'
  /** Fewer units are there than the books said. */
  | 'recount'
  /** Somebody else wrote the quantity. */
  | 'other-writer'
  /** What a slot showed when it was taken over is more than there is. */
  | 'take-over'
  /** Units were given away while nobody knew what a slot may still sell. */
  | 'unknown-claim'
  /** An own store sold without a checkout what others may sell as well. */
  | 'own-order'
  /** Its SKU was linked only after the sale: until then nothing was kept for it. */
  | 'linked-late'
  /** The seller chose a mode that accepts oversells. */
  | 'mode'
  | 'unknown'

export type ChainLink = { at: number; slotId: string | null; isCause: boolean } & (
  | { kind: 'sold' | 'learned'; sale: LearnedSale; isLate: boolean }
  | { kind: 'promised'; promise: OwnPromise }
  | { kind: 'moved'; move: StockMove }
  | { kind: 'sent' | 'answered'; write: SentWrite }
  | { kind: 'misfit'; misfit: SlotMisfit }
  | { kind: 'mode'; change: ModeChange }
  | { kind: 'oversold'; oversell: Oversell }
)

export interface OversellChain {
  cause: Cause
  links: ChainLink[]
  /** Events that were left out: the farthest from the end. */
  left: number
}

/** Events of one chain at most: a person reads them. */
export const linksAtMost = 40

/** The chain of events that led to the oversell; the order in which the history is given changes nothing. */
export function oversellChain(oversell: Oversell, history: OversellHistory): OversellChain {
  const known = until(oversell, history)
  const { cause, mark } = causeOf(oversell, known)
  const links = linksOf(oversell, known)
    .map((link) => ({ ...link, isCause: mark !== null && keyOf(link) === mark }))
    .sort(inOrder)
  const kept = mostTelling(links, oversell)
  return { cause, links: kept, left: links.length - kept.length }
}

/** What lay behind the oversell when it happened, each list in its order. A write may have been answered later. */
function until({ seq, at }: Oversell, history: OversellHistory): OversellHistory {
  const ofSeq = <T extends { seq: number }>(list: readonly T[], atOf: (one: T) => number) =>
    list.filter((one) => atOf(one) <= at).sort((a, b) => atOf(a) - atOf(b) || a.seq - b.seq)
  return {
    sales: ofSeq(history.sales, (one) => one.learnedAt),
    promises: ofSeq(history.promises, (one) => one.at),
    moves: ofSeq(history.moves, (one) => one.at),
    misfits: ofSeq(history.misfits, (one) => one.at),
    modes: ofSeq(history.modes, (one) => one.at),
    earlier: ofSeq(
      history.earlier.filter((one) => one.seq < seq),
      (one) => one.at,
    ),
    writes: history.writes
      .filter((one) => one.sentAt <= at)
      .sort((a, b) => a.sentAt - b.sentAt || compareText(a.id, b.id)),
  }
}

// — the cause —

/** `mark` names the link of the cause; null where nothing is known that could be it. */
interface Found {
  cause: Cause
  mark: string | null
}

const markOf = {
  learned: (one: LearnedSale) => `learned ${one.seq}`,
  promised: (one: OwnPromise) => `promised ${one.seq}`,
  moved: (one: StockMove) => `moved ${one.seq}`,
  misfit: (one: SlotMisfit) => `misfit ${one.seq}`,
  mode: (one: ModeChange) => `mode ${one.seq}`,
  oversold: (one: Oversell) => `oversold ${one.seq}`,
}

/** Own causes of the moment first; then what an earlier event had left behind. */
function causeOf(oversell: Oversell, history: OversellHistory): Found {
  return ofTheMoment(oversell, history) ?? ofChoices(oversell, history) ?? ofBefore(oversell, history)
}

function ofTheMoment({ at }: Oversell, { sales, moves, misfits }: OversellHistory): Found | null {
  const now = misfits.filter((one) => one.at === at)
  const late = now.find((one) => one.kind === 'late')
  if (late) {
    const sale = sales.find((one) => one.learnedAt === at && isLateSale(one, late))
    return { cause: 'late-order', mark: sale ? markOf.learned(sale) : markOf.misfit(late) }
  }
  const lowered = moves.findLast((one) => one.at === at && one.units < 0)
  if (lowered) return { cause: 'recount', mark: markOf.moved(lowered) }
  const beyond = now.find((one) => one.kind === 'beyond')
  if (beyond) {
    const raised = misfits.findLast((one) => one.kind === 'higher' && one.slotId === beyond.slotId)
    return { cause: 'other-writer', mark: markOf.misfit(raised ?? beyond) }
  }
  const joined = now.find((one) => one.kind === 'joined')
  return joined ? { cause: 'take-over', mark: markOf.misfit(joined) } : null
}

const isLateSale = (sale: LearnedSale, late: SlotMisfit) =>
  sale.slotId === late.slotId && sale.placedAt === late.placedAt

function ofChoices(oversell: Oversell, { sales, promises, modes }: OversellHistory): Found | null {
  const { at, mode, unknownClaims, uncovered } = oversell
  const sale = sales.findLast((one) => one.learnedAt === at)
  const trigger = sale ? markOf.learned(sale) : markOf.oversold(oversell)
  if (sale?.told === 'by-link') return { cause: 'linked-late', mark: markOf.learned(sale) }
  if (mode !== 'guarded') {
    const chosen = modes.findLast((one) => one.mode === mode)
    return { cause: 'mode', mark: chosen ? markOf.mode(chosen) : trigger }
  }
  if (unknownClaims > 0) {
    const promise = promises.at(-1)
    return { cause: 'unknown-claim', mark: promise ? markOf.promised(promise) : trigger }
  }
  return sale?.told === 'by-store' && uncovered > 0 ? { cause: 'own-order', mark: markOf.learned(sale) } : null
}

function ofBefore(oversell: Oversell, history: OversellHistory): Found {
  // What was uncovered before may have been what was sold now.
  const before = oversell.uncoveredBefore > 0 ? history.earlier.findLast((one) => one.uncovered > 0) : undefined
  const first = before && causeOf(before, until(before, history))
  if (first && first.cause !== 'unknown') return first
  const change = history.modes.at(-1)
  // What was shown openly before may be sold after.
  if (change && change.was !== 'guarded') return { cause: 'mode', mark: markOf.mode(change) }
  const raised = history.misfits.findLast((one) => one.kind === 'higher')
  if (raised) return { cause: 'other-writer', mark: markOf.misfit(raised) }
  return { cause: 'unknown', mark: null }
}

// — the links —

function linksOf(oversell: Oversell, history: OversellHistory): ChainLink[] {
  const { sales, promises, moves, writes, misfits, modes, earlier } = history
  const late = misfits.filter((one) => one.kind === 'late')
  const plain = { isCause: false }
  const shown = misfits.filter(
    // The order tells it.
    (one) => one.kind !== 'late' || !sales.some((sale) => sale.learnedAt === one.at && isLateSale(sale, one)),
  )
  return [
    ...sales.flatMap((sale): ChainLink[] => {
      const isLate = late.some((one) => one.at === sale.learnedAt && isLateSale(sale, one))
      const { slotId, placedAt, learnedAt } = sale
      return [
        // A channel's clock may be ahead of ours: nothing is sold after it was learned.
        { ...plain, kind: 'sold', at: Math.min(placedAt, learnedAt), slotId, sale, isLate },
        { ...plain, kind: 'learned', at: learnedAt, slotId, sale, isLate },
      ]
    }),
    ...promises.map((promise): ChainLink => ({ ...plain, kind: 'promised', at: promise.at, slotId: null, promise })),
    ...moves.map((move): ChainLink => ({ ...plain, kind: 'moved', at: move.at, slotId: null, move })),
    ...writes.flatMap((write): ChainLink[] => [
      { ...plain, kind: 'sent', at: write.sentAt, slotId: write.slotId, write },
      ...(write.answeredAt !== null && write.answeredAt <= oversell.at
        ? [{ ...plain, kind: 'answered' as const, at: write.answeredAt, slotId: write.slotId, write }]
        : []),
    ]),
    ...shown.map((misfit): ChainLink => ({ ...plain, kind: 'misfit', at: misfit.at, slotId: misfit.slotId, misfit })),
    ...modes.map((change): ChainLink => ({ ...plain, kind: 'mode', at: change.at, slotId: null, change })),
    ...[...earlier, oversell].map(
      (one): ChainLink => ({ ...plain, kind: 'oversold', at: one.at, slotId: null, oversell: one }),
    ),
  ]
}

/** At one moment what happened outside comes before what was made of it here. */
const ranks: Record<ChainLink['kind'], number> = {
  sold: 0,
  mode: 1,
  sent: 2,
  answered: 3,
  learned: 4,
  promised: 5,
  moved: 6,
  misfit: 7,
  oversold: 8,
}

/** Unique in a chain. */
function keyOf(link: ChainLink): string {
  switch (link.kind) {
    case 'sold':
      return `sold ${link.sale.seq}`
    case 'learned':
      return markOf.learned(link.sale)
    case 'promised':
      return markOf.promised(link.promise)
    case 'moved':
      return markOf.moved(link.move)
    case 'sent':
    case 'answered':
      return `${link.kind} ${link.write.id}`
    case 'misfit':
      return markOf.misfit(link.misfit)
    case 'mode':
      return markOf.mode(link.change)
    case 'oversold':
      return markOf.oversold(link.oversell)
  }
}

const inOrder = (a: ChainLink, b: ChainLink): number =>
  a.at - b.at || ranks[a.kind] - ranks[b.kind] || seqOf(a) - seqOf(b) || compareText(keyOf(a), keyOf(b))

function seqOf(link: ChainLink): number {
  switch (link.kind) {
    case 'sold':
    case 'learned':
      return link.sale.seq
    case 'promised':
      return link.promise.seq
    case 'moved':
      return link.move.seq
    case 'misfit':
      return link.misfit.seq
    case 'mode':
      return link.change.seq
    case 'oversold':
      return link.oversell.seq
    case 'sent':
    case 'answered':
      return 0
  }
}

/** The cause, the oversell and the sale that met it always; of the rest the newest. */
function mostTelling(links: readonly ChainLink[], { seq, at }: Oversell): ChainLink[] {
  const cause = links.find((link) => link.isCause)
  const met = links.findLast((link) => link.kind === 'learned' && link.at === at)
  // Both moments of a sale belong together.
  const sales = [cause, met].flatMap((link) => (link?.kind === 'learned' ? [link.sale.seq] : []))
  const isTold = (link: ChainLink) => {
    if (link.kind === 'sold' || link.kind === 'learned') return sales.includes(link.sale.seq)
    return link.isCause || (link.kind === 'oversold' && link.oversell.seq === seq)
  }
  const told = links.filter(isTold).length
  const rest = new Set(links.filter((link) => !isTold(link)).slice(-Math.max(1, linksAtMost - told)))
  return links.filter((link) => isTold(link) || rest.has(link))
}
