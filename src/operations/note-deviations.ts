/** What people are told of readings that were not as expected. */
import type { Deviation } from '../database/audit.ts'
import { raise, resolve } from '../database/findings.ts'
import type { SlotEvent } from '../database/oversells.ts'
import type { Sql } from '../database/pool.ts'
import { isOurs, type SlotRow } from '../database/slots.ts'
import type { ReadBack } from '../domain/read-back.ts'
import { expectedValue } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'

const kinds = ['lower', 'higher', 'lost', 'writer'] as const

/** Those readings that count as deviations; `before` and `read` are of the same slots, in the same order. */
export function deviationsAmong(
  before: readonly SlotRow[],
  read: readonly ReadBack<SlotRow>[],
  quantities: ReadonlyMap<string, number | null>,
): Deviation[] {
  return read.flatMap(({ meaning, slot }, index) => {
    if (!isOurs(slot)) return []
    const kind = kinds.find((one) => one === meaning)
    if (!kind) return []
    return [{ slotId: slot.id, kind, expected: expectedValue(before[index]!), shown: quantities.get(slot.id)! }]
  })
}

/** The same for the chain of events behind an oversell: what somebody else wrote is more than was expected. */
export const misfitsAmong = (
  before: readonly SlotRow[],
  read: readonly ReadBack<SlotRow>[],
  quantities: ReadonlyMap<string, number | null>,
  askedAt: Date,
): SlotEvent[] =>
  read.flatMap(({ meaning, slot }, index) => {
    const kind = meaning === 'writer' ? 'higher' : meaning
    if (kind !== 'higher' && kind !== 'lower' && kind !== 'lost') return []
    const expected = expectedValue(before[index]!)
    return [
      {
        slotId: slot.id,
        kind,
        data: { shown: quantities.get(slot.id) ?? null, expected, askedAt: askedAt.toISOString() },
      },
    ]
  })

/** Drift is set right by itself and said once; another writer is named, with what it means for the stock. */
export async function noteDeviations(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  work: AccountAtWork,
  before: readonly SlotRow[],
  read: readonly ReadBack<SlotRow>[],
  quantities: ReadonlyMap<string, number | null>,
  at: Date,
): Promise<void> {
  const was = new Map(before.map((slot) => [slot.id, slot]))
  const subjects = (list: readonly ReadBack<SlotRow>[]) => list.map(({ slot }) => `slot:${slot.id}`)
  const drifted = read.filter(({ meaning }) => meaning === 'higher' || meaning === 'lost')
  await raise(
    tx,
    drifted.map(({ slot }) => ({
      code: 'slot_drift',
      severity: 'info' as const,
      accountId: work.row.id,
      subject: `slot:${slot.id}`,
      data: {
        account: work.row.name,
        sku: slot.remoteSku,
        expected: expectedValue(was.get(slot.id)!),
        shown: quantities.get(slot.id),
      },
    })),
    at,
    ctx.newId,
  )
  await raise(
    tx,
    read
      .filter(({ meaning }) => meaning === 'writer')
      .map(({ slot, surplus }) => ({
        code: 'another_writer',
        severity: 'loss' as const,
        accountId: work.row.id,
        subject: `slot:${slot.id}`,
        data: {
          account: work.row.name,
          sku: slot.remoteSku,
          shown: quantities.get(slot.id),
          surplus,
          at: `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
        },
      })),
    at,
    ctx.newId,
  )
  const fine = read.filter(({ meaning }) => meaning === 'same' || meaning === 'effective')
  await resolve(tx, 'slot_drift', subjects(fine), at)
  // Nobody else wrote there for a day.
  const hasWriter = (slot: SlotRow) => (slot.suspicion?.writerAt ?? null) !== null
  const over = fine.filter(({ slot }) => hasWriter(was.get(slot.id)!) && !hasWriter(slot))
  await resolve(tx, 'another_writer', subjects(over), at)
}
