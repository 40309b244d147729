/** `pull` and `push`: one round of an account's work, now. */
import { accountsFor } from '../database/views/accounts.ts'
import { Problem } from '../domain/errors.ts'
import { type OnceOptions, type PullReport, type PushReport, pullOnce, pushOnce } from '../operations/work-once.ts'
import { type Command, type Given, type Terminal, Usage } from './run.ts'
import type { Opened, Tools } from './tools.ts'
import { type Say, sentence } from './words.ts'

const flags = {
  wait: { takes: 'seconds', about: 'how long to work or watch at most (120)' },
  json: { about: 'print JSON' },
}
const leaseMs = 15_000

export function pullCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'read orders and listings now, of one account or all',
    args: '[account]',
    flags,
    run: (given) =>
      round(tools, terminal, given, (opened, account, options) => pullOnce(opened.ctx, account, options), tellPull),
  }
}

export function pushCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'send quantities that differ now, of one account or all',
    args: '[account]',
    flags,
    run: (given) =>
      round(tools, terminal, given, (opened, account, options) => pushOnce(opened.ctx, account, options), tellPush),
  }
}

type Account = Awaited<ReturnType<typeof accountsFor>>[number]

async function round<T extends PullReport | PushReport>(
  tools: Pick<Tools, 'open'>,
  terminal: Terminal,
  { args, flags: given }: Given,
  work: (opened: Opened, account: Account, options: OnceOptions) => Promise<T>,
  tell: (say: Say, report: T) => void,
): Promise<void> {
  if (args.length > 1) throw new Usage('Name one account, or none for all; quote a name with spaces.')
  const seconds = Number(given.wait ?? 120)
  if (!(seconds > 0 && seconds <= 86_400)) throw new Usage('--wait takes seconds, from 1 to 86400.')
  const say = sentence(terminal, given)
  const opened = await tools.open()
  const reports: T[] = []
  try {
    const accounts = await accountsFor(opened.ctx.db, args[0])
    if (args[0] !== undefined && accounts.length === 0) throw new Problem('unknown_account', { account: args[0] })
    for (const account of accounts) {
      // A person who names a paused account means it; without a name it is left alone.
      if (args[0] === undefined && account.stage === 'paused') continue
      const report = await work(opened, account, {
        holder: opened.holder,
        isDead: opened.isDead,
        leaseMs,
        limitMs: seconds * 1_000,
      })
      reports.push(report)
      if (!given.json) tell(say, report)
    }
  } finally {
    await opened.close()
  }
  if (given.json) say.json({ items: reports })
  else if (reports.length === 0) say('There is no account to work for.', '没有可处理的店铺。')
  const open = reports.filter((report) => !report.isDone || ('troubles' in report && report.troubles.length > 0))
  if (open.length > 0) throw new Problem('work_incomplete', { accounts: open.map((one) => one.account).join(', ') })
}

function tellPull(say: Say, report: PullReport): void {
  const { account, newOrders, changedOrders, listings } = report
  if (report.by === 'nobody') {
    say(`${account}: nothing to read; its orders come in by themselves.`, `${account}：无需读取，订单会自动送达。`)
    return
  }
  const how = report.by === 'holder' ? say.pick(' (by the running hub)', '（由正在运行的 Entrepot 完成）') : ''
  say(
    `${account}: ${newOrders} new orders, ${changedOrders} changed, ${listings} listings read${how}.`,
    `${account}：新订单 ${newOrders}，变更 ${changedOrders}，读取商品 ${listings}${how}。`,
  )
  for (const { stream, code, message } of report.troubles)
    say(`  ${stream} failed: ${message} [${code}]`, `  ${stream} 失败：${message} [${code}]`)
  if (report.waitsUntil)
    say(
      `  the channel's allowance is used up until ${report.waitsUntil}`,
      `  平台调用额度已用完，需等到 ${report.waitsUntil}`,
    )
  else if (!report.isDone) say('  not finished yet', '  尚未完成')
}

function tellPush(say: Say, report: PushReport): void {
  const { account, stage, writes, inFlight, differing, refused } = report
  if (report.by === 'nobody') {
    say(
      `${account}: nothing is sent in the stage ${stage}, or to this channel.`,
      `${account}：阶段 ${stage} 或该平台不推送库存。`,
    )
    return
  }
  const how = report.by === 'holder' ? say.pick(' (by the running hub)', '（由正在运行的 Entrepot 完成）') : ''
  const sent = Object.entries(writes).map(([outcome, count]) => `${count} ${outcome}`)
  say(
    `${account}: ${sent.length > 0 ? sent.join(', ') : 'nothing to send'}${how}; ${inFlight} in flight, ${differing} still differ (${refused} refused).`,
    `${account}：${sent.length > 0 ? sent.join('，') : '无需推送'}${how}；在途 ${inFlight}，仍不一致 ${differing}（被拒 ${refused}）。`,
  )
}
