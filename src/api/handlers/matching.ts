import type { Sql } from '../../database/pool.ts'
import { countMatching, listMatching, type MatchItem } from '../../database/views/matching.ts'
import { askForCatalog, catalogRunOf, createByHand, previewCatalog } from '../../operations/make-catalog.ts'
import { mustFindAccount } from '../../operations/manage-catalog.ts'
import { acceptSure, linkByHand, setIgnored, unlinkSku } from '../../operations/match-listings.ts'
import type { Handlers } from './handler.ts'

export const matchingHandlers: Handlers<
  | 'matching'
  | 'matchingCounts'
  | 'linkSkus'
  | 'acceptSure'
  | 'createFromSkus'
  | 'ignoreSkus'
  | 'unlinkSku'
  | 'catalogPreview'
  | 'catalogRun'
  | 'runCatalog'
> = {
  matching: async ({ sql, input }) => {
    const page = await listMatching(sql, input.query)
    return { ...page, items: page.items.map(described) }
  },
  matchingCounts: async ({ sql, input }) => await countMatching(sql, input.query.account),
  linkSkus: async ({ sql, input, options }) => {
    const { account, links } = input.body
    return { outcomes: await linkByHand(sql, options.ctx, await mustFindAccount(sql, account), links) }
  },
  acceptSure: async ({ sql, input, options }) => {
    const { account, after } = input.body
    return await acceptSure(sql, options.ctx, await mustFindAccount(sql, account), after)
  },
  createFromSkus: async ({ sql, input, options }) => {
    const { account, items } = input.body
    return { outcomes: await createByHand(sql, options.ctx, await mustFindAccount(sql, account), items) }
  },
  ignoreSkus: async ({ sql, input, options, api }) => {
    const { account, remoteSkus, ignored } = input.body
    const change = { remoteSkus, isIgnored: ignored, actor: api.caller!.name }
    await setIgnored(sql, options.ctx, await mustFindAccount(sql, account), change)
    return { changed: new Set(remoteSkus).size }
  },
  unlinkSku: async ({ sql, input, options, api }) => {
    const { account, remoteSku } = input.body
    await unlinkSku(sql, options.ctx, await mustFindAccount(sql, account), remoteSku, api.caller!.name)
    return { remoteSku }
  },
  catalogPreview: async ({ sql, input }) => await previewCatalog(sql, await mustFindAccount(sql, input.params.id)),
  catalogRun: async ({ sql, input }) => await describeRun(sql, (await mustFindAccount(sql, input.params.id)).id),
  runCatalog: async ({ sql, input, options, api }) => {
    const account = await mustFindAccount(sql, input.params.id)
    await askForCatalog(sql, options.ctx, account, api.caller!.name)
    return await describeRun(sql, account.id)
  },
}

async function describeRun(sql: Sql, accountId: string) {
  const run = await catalogRunOf(sql, accountId)
  if (!run) return { run: null }
  const { accountId: _, actor: __, after: ___, startedAt, workedAt, doneAt, ...told } = run
  return {
    run: {
      ...told,
      startedAt: startedAt.toISOString(),
      workedAt: workedAt.toISOString(),
      doneAt: doneAt?.toISOString() ?? null,
    },
  }
}

function described({
  productRemoteId: _,
  productTitle,
  sku,
  unitsPerSale,
  waitingOrders,
  waitingUnits,
  ...item
}: MatchItem) {
  return {
    ...item,
    product: productTitle,
    waiting: { orders: waitingOrders, units: waitingUnits },
    suggestions: item.suggestions.map(({ variantId: __, ...one }) => one),
    linked: sku === null ? null : { sku, unitsPerSale },
  }
}
