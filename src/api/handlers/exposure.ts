import { type ChainStep, causeText, type StepData, stepText } from '../../contract/oversells.ts'
import { channelHeld, countExposure, exposureOf, listExposure, placesOfVariant } from '../../database/views/exposure.ts'
import { Problem } from '../../domain/errors.ts'
import type { ChainLink } from '../../domain/oversells.ts'
import { type ExplainedLink, type ExplainedOversell, explainOversells } from '../../operations/explain-oversells.ts'
import { inWords } from './explained.ts'
import type { Handlers } from './handler.ts'

type Language = 'en' | 'zh'

export const exposureHandlers: Handlers<'exposure' | 'exposureOf' | 'oversells'> = {
  exposure: async ({ sql, input }) => ({
    ...(await listExposure(sql, input.query)),
    counts: await countExposure(sql),
  }),
  exposureOf: async ({ sql, input, options, api }) => {
    const found = await exposureOf(sql, input.params.sku)
    if (!found) throw new Problem('not_found', { what: 'variant', id: input.params.sku })
    const places = await placesOfVariant(sql, found.variantId, options.ctx.clock.now())
    return {
      ...found,
      placeList: places.map((place) => ({ ...place, ...inWords(place, options.ctx, api.language) })),
      channelHeld: await channelHeld(sql, found.variantId),
    }
  },
  oversells: async ({ sql, input, options, api }) => {
    const found = await exposureOf(sql, input.params.sku)
    if (!found) throw new Problem('not_found', { what: 'variant', id: input.params.sku })
    const page = await explainOversells(sql, options.ctx, found.variantId, input.query)
    return { ...page, items: page.items.map((one) => told(one, api.language)) }
  },
}

const iso = (at: number) => new Date(at).toISOString()

function told({ oversell, cause, links, left }: ExplainedOversell, language: Language) {
  const { seq, at, short, uncovered, mode, unknownClaims } = oversell
  return {
    id: String(seq),
    at: iso(at),
    short,
    uncovered,
    mode,
    unknownClaims,
    cause,
    ...causeText(cause, language),
    links: links.map((one) => toldLink(one, language)),
    left,
  }
}

function toldLink({ link, place, call }: ExplainedLink, language: Language) {
  const { step, data } = stepOf(link)
  const sale = link.kind === 'sold' || link.kind === 'learned' ? link.sale : null
  return {
    at: iso(link.at),
    step,
    text: stepText(step, { place: place && `${place.account} ${place.remoteSku}`, ...data }, language),
    isCause: link.isCause,
    channel: place?.channel ?? null,
    account: place?.account ?? null,
    remoteSku: place?.remoteSku ?? null,
    order: sale && {
      id: sale.orderId,
      remoteId: sale.remoteId,
      placedAt: iso(sale.placedAt),
      learnedAt: iso(sale.learnedAt),
    },
    effectId: link.kind === 'sent' || link.kind === 'answered' ? link.write.id : null,
    call,
  }
}

/** An effect's outcome, as a step. What never got one is unanswered for as long as nobody knows better. */
const answers: Record<string, ChainStep> = {
  accepted: 'accepted',
  applied: 'applied',
  mismatch: 'mismatch',
  refused: 'refused',
  'not-sent': 'not-sent',
}

function stepOf(link: ChainLink): { step: ChainStep; data: StepData } {
  switch (link.kind) {
    case 'sold':
    case 'learned': {
      const { units, remoteId, placedAt, learnedAt } = link.sale
      const step = link.kind === 'sold' ? 'sold' : link.isLate ? 'learned-late' : 'learned'
      return { step, data: { units, order: remoteId, lagMs: learnedAt - placedAt } }
    }
    case 'promised':
      return { step: 'promised', data: { units: link.promise.units } }
    case 'moved': {
      const { units, kind, actor } = link.move
      return { step: units < 0 ? 'lowered' : 'received', data: { units: Math.abs(units), kind, actor } }
    }
    case 'sent': {
      const { value, expected } = link.write
      return { step: expected === null ? 'sent' : 'sent-expecting', data: { value, expected } }
    }
    case 'answered': {
      const { value, outcome, sentAt, answeredAt } = link.write
      const lagMs = (answeredAt ?? sentAt) - sentAt
      return { step: answers[outcome ?? ''] ?? 'unanswered', data: { value, lagMs } }
    }
    case 'misfit': {
      const { kind, units, expected } = link.misfit
      return { step: kind, data: { units, expected } }
    }
    case 'mode': {
      const { was, mode, actor } = link.change
      return { step: 'mode', data: { was, mode, actor } }
    }
    case 'oversold': {
      const { short, uncovered } = link.oversell
      const step = short > 0 && uncovered > 0 ? 'oversold-uncovered' : short > 0 ? 'oversold' : 'uncovered'
      return { step, data: { short, uncovered } }
    }
  }
}
