/** `probe`: does a channel behave as the guarantee assumes? Told from what the account did so far. */
import { accountsFor } from '../database/views/accounts.ts'
import { Problem } from '../domain/errors.ts'
import type { Contradiction, Spread } from '../domain/probes.ts'
import { type Probed, probeAccount } from '../operations/probe-account.ts'
import { type Command, type Terminal, Usage } from './run.ts'
import type { Tools } from './tools.ts'
import { type Say, sentence } from './words.ts'

const daysAtMost = 90
const leaseMs = 15_000

export function probeCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'hold what the guarantee assumes against what an account did',
    args: '<account>',
    flags: {
      days: { takes: 'days', about: 'how far to look back (14)' },
      read: { about: 'read slots first that sold something since they were read' },
      wait: { takes: 'seconds', about: 'how long to read at most (60)' },
      json: { about: 'print JSON' },
    },
    async run({ args, flags }) {
      const [name] = args
      if (name === undefined || args.length > 1) throw new Usage('Name one account; quote a name with spaces.')
      const days = Number(flags.days ?? 14)
      if (!(days > 0 && days <= daysAtMost)) throw new Usage(`--days takes days, up to ${daysAtMost}.`)
      const seconds = Number(flags.wait ?? 60)
      if (!(seconds > 0 && seconds <= 86_400)) throw new Usage('--wait takes seconds, from 1 to 86400.')
      const say = sentence(terminal, flags)
      const opened = await tools.open()
      try {
        const [account] = await accountsFor(opened.ctx.db, name)
        if (!account) throw new Problem('unknown_account', { account: name })
        const { holder, isDead } = opened
        const read = flags.read === true ? { holder, isDead, leaseMs, limitMs: seconds * 1_000 } : undefined
        const probed = await probeAccount(opened.ctx, account, { days, read })
        if (flags.json) say.json(probed)
        else tell(say, probed)
      } finally {
        await opened.close()
      }
    },
  }
}

function tell(say: Say, probed: Probed): void {
  const { account, days, slots, readings, writes, sales } = probed
  say(
    `${account}, ${days} days: ${slots} slots, ${readings} readings, ${writes} writes, ${sales} sales.`,
    `${account}，最近 ${days} 天：${slots} 个库存位，读取 ${readings} 次，写入 ${writes} 次，销售 ${sales} 笔。`,
  )
  const { lowersItself, marketplaces, staysDown, writesLand, ordersShow, neighbors } = probed
  verdict(say, lowersItself, ['It lowers its own number when it sells', '售出后平台自动减少数量'])
  for (const { marketplace, holds } of marketplaces)
    if (marketplace) say(`     ${marketplace}: ${holds} times`, `     ${marketplace}：${holds} 次`)
  verdict(say, writesLand, ['A number that was sent shows in time', '发送的数量按时生效'])
  if (writesLand.within) say(`     ${inWords(say, writesLand.within)}`, `     ${inWords(say, writesLand.within)}`)
  verdict(say, staysDown, ['No number rises that we did not send', '没有我们未发送而上升的数量'])
  const later = { holds: (ordersShow.within?.count ?? 0) - ordersShow.later, against: [] }
  verdict(say, later, ['Orders are in the list within the margin', '订单在规定时间内出现在列表中'], ordersShow.later)
  if (ordersShow.within) say(`     ${inWords(say, ordersShow.within)}`, `     ${inWords(say, ordersShow.within)}`)
  for (const { skus, separate, shared } of neighbors) {
    const names = skus.join(', ')
    if (shared > 0)
      say(
        `!!   ${names}: a sale at one lowered the other ${shared} times: one quantity, linked twice`,
        `!!   ${names}：一处售出使另一处减少 ${shared} 次：同一库存被关联两次`,
      )
    else if (separate > 0)
      say(
        `ok   ${names}: two quantities (seen ${separate} times)`,
        `ok   ${names}：两个独立数量（已观察 ${separate} 次）`,
      )
    else say(`?    ${names}: not seen yet whether they are one quantity`, `?    ${names}：尚不能确定是否为同一数量`)
  }
}

interface Told {
  holds: number
  against: readonly Contradiction[]
}

/** Nothing seen is no proof. */
function verdict(say: Say, { holds, against }: Told, [en, zh]: readonly [string, string], more = 0): void {
  const failed = against.length + more
  const mark = failed > 0 ? '!!' : holds > 0 ? 'ok' : '? '
  say(
    `${mark}   ${en}: ${holds} times, ${failed} times not.`,
    `${mark}   ${zh}：符合 ${holds} 次，不符合 ${failed} 次。`,
  )
  for (const { sku, at, before, after } of against.slice(0, 5)) {
    const when = new Date(at).toISOString()
    say(`     ${sku} at ${when}: ${before}, then ${after}`, `     ${sku} 于 ${when}：${before}，之后 ${after}`)
  }
}

function inWords(say: Say, { count, medianMs, nearlyAllMs, mostMs }: Spread): string {
  const [half, nearly, most] = [medianMs, nearlyAllMs, mostMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`)
  return say.pick(
    `half within ${half}, 99 of 100 within ${nearly}, the slowest of ${count} ${most}`,
    `一半在 ${half} 内，99% 在 ${nearly} 内，${count} 次中最慢 ${most}`,
  )
}
