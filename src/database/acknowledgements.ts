/** Orders that wait to be acknowledged, and those that the channel will cancel. */
import type { Sql } from './pool.ts'

/** Canceled as a whole, or unfit to ship: nobody waits for a word about it. */
const isWanted = `o.acknowledge_by is not null and o.state in ('open', 'partly_shipped', 'unknown')`

export interface ToAcknowledge {
  id: string
  remoteId: string
  by: Date
}

/** Nobody has noted yet that they are to be acknowledged; the earliest deadline first. */
export async function ordersToAcknowledge(sql: Sql, accountId: string, limit: number): Promise<ToAcknowledge[]> {
  return await sql.rows<ToAcknowledge>(
    `select o.id, o.remote_id as "remoteId", o.acknowledge_by as by from orders o
     where o.account_id = $1 and ${isWanted} and o.fulfilled_by = 'merchant'
       and not exists (select 1 from errands e where e.account_id = $1 and e.kind = 'acknowledgement' and e.cause = o.id::text)
     order by o.acknowledge_by, o.id limit $2`,
    [accountId, limit],
  )
}

/** Acknowledgements that have not left, of orders that want none any more. */
export async function needlessAcknowledgements(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select e.id from errands e join orders o on o.id = e.order_id
     where e.account_id = $1 and e.kind = 'acknowledgement' and e.state = 'waiting' and not (${isWanted})`,
    [accountId],
  )
  return rows.map((row) => row.id)
}

export interface Pressing {
  count: number
  /** The first of the deadlines. */
  by: Date
  /** Some of them, as the channel names them. */
  orders: string[]
}

const pressing = (condition: string, column: string) => `
  select count(*)::float8 as count, min(${column}) as by,
    coalesce((array_agg(remote_id order by ${column}, remote_id))[1:5], '{}') as orders
  from orders o where o.account_id = $1 and o.${column} <= $2 and ${condition}`

/** Not acknowledged, and little time is left. */
export async function unacknowledged(sql: Sql, accountId: string, until: Date): Promise<Pressing | undefined> {
  const row = await sql.one<Pressing>(
    pressing(
      `${isWanted} and o.fulfilled_by = 'merchant' and not exists (select 1 from errands e
         where e.account_id = $1 and e.kind = 'acknowledgement' and e.cause = o.id::text and e.state in ('applied', 'dropped'))`,
      'acknowledge_by',
    ),
    [accountId, until],
  )
  return row && row.count > 0 ? row : undefined
}

/** Not shipped, and the channel will cancel them soon. */
export async function canceledSoon(
  sql: Sql,
  accountId: string,
  from: Date,
  until: Date,
): Promise<Pressing | undefined> {
  const row = await sql.one<Pressing>(
    pressing(`o.cancels_at > $3 and o.state in ('open', 'partly_shipped') and not o.nothing_open`, 'cancels_at'),
    [accountId, until, from],
  )
  return row && row.count > 0 ? row : undefined
}
