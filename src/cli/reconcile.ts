/** `reconcile`: every slot against what it should show. */
import { type Reconciled, reconcileSlots } from '../operations/reconcile-slots.ts'
import type { Command, Terminal } from './run.ts'
import type { Tools } from './tools.ts'
import { type Say, sentence } from './words.ts'

export function reconcileCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'compare every slot with what it should show',
    flags: { mend: { about: 'tell the slots that differ what they should show' }, json: { about: 'print JSON' } },
    async run({ flags }) {
      const say = sentence(terminal, flags)
      const opened = await tools.open()
      try {
        const mend = flags.mend === true
        const found = await reconcileSlots(opened.ctx, { mend })
        if (flags.json) say.json({ ...found, mended: mend })
        else tell(say, found, mend)
      } finally {
        await opened.close()
      }
    },
  }
}

function tell(say: Say, { differing, examples, accounts }: Reconciled, mend: boolean): void {
  if (differing === 0) say('Every slot is told what it should show.', '所有库存位的目标数量都正确。')
  else {
    const list = examples.join(', ')
    if (mend) say(`${differing} slots were told another number: ${list}.`, `已更正 ${differing} 个库存位：${list}。`)
    else
      say(
        `${differing} slots should be told another number: ${list}. Mend them with: entrepot reconcile --mend`,
        `${differing} 个库存位的目标数量不正确：${list}。更正请运行：entrepot reconcile --mend`,
      )
  }
  for (const { account, due, soldOut, waiting, calls, endsAt } of accounts) {
    if (due === 0 && waiting === 0) continue
    const end = endsAt ? say.pick(`, done by ${endsAt.toISOString()}`, `，预计 ${endsAt.toISOString()} 完成`) : ''
    say(
      `${account}: ${due} to send (${soldOut} sold out) in ${calls} calls${end}; ${waiting} wait for units that are still bound.`,
      `${account}：待发送 ${due}（售罄 ${soldOut}），需 ${calls} 次调用${end}；${waiting} 个在等待被占用的库存。`,
    )
  }
}
