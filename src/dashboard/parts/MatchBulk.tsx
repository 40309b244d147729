import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { call, newKey } from '../api.ts'
import { hubNow } from '../clock.ts'
import { saveCsv } from '../csv.ts'
import { useT } from '../i18n.ts'
import type { MatchItem } from '../types.ts'
import { announce } from './Announcer.tsx'
import { keyOf, matchLists } from './MatchRow.tsx'
import { ErrorNotice } from './Notice.tsx'

interface Props {
  rows: readonly MatchItem[]
  view: 'unmatched' | 'suggested' | 'ignored' | 'linked'
  chosen: ReadonlySet<string>
  accountIds: readonly string[]
  mayChange: boolean
  onChoose: (keys: ReadonlySet<string>) => void
  onDone: (text: string) => void
}

/** As many as one request takes. */
const atOnce = 200

/** The chosen rows by account, in requests of their own. */
function parts(rows: readonly MatchItem[]): { account: string; skus: string[] }[] {
  return [...Map.groupBy(rows, (row) => row.accountId)].flatMap(([account, own]) =>
    Array.from({ length: Math.ceil(own.length / atOnce) }, (_, n) => ({
      account,
      skus: own.slice(n * atOnce, (n + 1) * atOnce).map((row) => row.remoteSku),
    })),
  )
}

const fresh = () => ({ idempotencyKey: newKey() })

/** Links what is sure, page after page, until nothing is left. */
async function acceptAll(accountIds: readonly string[]): Promise<number> {
  let linked = 0
  for (const account of accountIds) {
    for (let after: string | null = ''; after !== null; ) {
      const told: { linked: number; next: string | null } = await call(
        'acceptSure',
        { body: { account, after } },
        fresh(),
      )
      linked += told.linked
      after = told.next
    }
  }
  return linked
}

async function createAll(rows: readonly MatchItem[]): Promise<{ created: number; left: number }> {
  let created = 0
  for (const { account, skus } of parts(rows)) {
    const items = skus.map((remoteSku) => ({ remoteSku }))
    const { outcomes } = await call('createFromSkus', { body: { account, items } }, fresh())
    created += outcomes.filter((one) => one === 'created').length
  }
  return { created, left: rows.length - created }
}

async function ignoreAll(rows: readonly MatchItem[], ignored: boolean): Promise<number> {
  for (const { account, skus } of parts(rows))
    await call('ignoreSkus', { body: { account, remoteSkus: skus, ignored } }, fresh())
  return rows.length
}

/** What is done to many at once. */
export function MatchBulk({ rows, view, chosen, accountIds, mayChange, onChoose, onDone }: Props) {
  const t = useT()
  const client = useQueryClient()
  const picked = rows.filter((row) => chosen.has(keyOf(row)))
  const isAll = picked.length === rows.length
  const work = useMutation({
    mutationFn: (task: () => Promise<string>) => task(),
    onSuccess: (text) => {
      announce(text)
      onDone(text)
      onChoose(new Set())
    },
    onSettled: () => {
      for (const one of matchLists) void client.invalidateQueries({ queryKey: [one] })
    },
  })
  const isOpen = view === 'unmatched' || view === 'suggested'
  const accept = () => work.mutate(async () => t('matching.acceptedAll', { count: await acceptAll(accountIds) }))
  const create = () =>
    work.mutate(async () => {
      const { created, left } = await createAll(picked)
      return left > 0
        ? t('matching.createdSome', { count: created, left })
        : t('matching.createdAll', { count: created })
    })
  const ignore = (ignored: boolean) =>
    work.mutate(async () =>
      t(ignored ? 'matching.ignoredAll' : 'matching.backAll', { count: await ignoreAll(picked, ignored) }),
    )
  return (
    <div className="match-bulk">
      {mayChange && view !== 'linked' && (
        <>
          <label className="inline">
            <input
              type="checkbox"
              checked={isAll}
              onChange={() => onChoose(isAll ? new Set() : new Set(rows.map(keyOf)))}
            />
            {t('matching.chooseAll', { count: rows.length })}
          </label>
          {isOpen && (
            <>
              <Button size="xs" loading={work.isPending} onClick={accept}>
                {t('matching.accept')}
              </Button>
              <Button size="xs" variant="default" disabled={picked.length === 0 || work.isPending} onClick={create}>
                {t('matching.createMany', { count: picked.length })}
              </Button>
              <Button
                size="xs"
                variant="default"
                disabled={picked.length === 0 || work.isPending}
                onClick={() => ignore(true)}
              >
                {t('matching.ignoreMany', { count: picked.length })}
              </Button>
            </>
          )}
          {view === 'ignored' && (
            <Button
              size="xs"
              variant="default"
              disabled={picked.length === 0 || work.isPending}
              onClick={() => ignore(false)}
            >
              {t('matching.backMany', { count: picked.length })}
            </Button>
          )}
        </>
      )}
      <Button className="push" size="xs" variant="default" onClick={() => exportRows(rows)}>
        {t('matching.csv', { count: rows.length })}
      </Button>
      {work.error && (
        <div className="full">
          <ErrorNotice error={work.error} />
        </div>
      )}
    </div>
  )
}

/** Column names stay English: programs read the file. The first ones are those that an import of mappings takes. */
function exportRows(rows: readonly MatchItem[]): void {
  const head = ['channel', 'account', 'remoteSku', 'sku', 'unitsPerSale', 'title', 'gtin', 'remoteId', 'waitingOrders']
  const lines = rows.map((row) => [
    row.channel,
    row.account,
    row.remoteSku,
    row.linked?.sku ?? row.suggestions[0]?.sku ?? '',
    row.linked?.unitsPerSale ?? row.suggestions[0]?.unitsPerSale ?? '',
    row.title,
    row.gtin,
    row.remoteId,
    row.waiting.orders,
  ])
  saveCsv(`matching-${new Date(hubNow()).toISOString().slice(0, 19).replaceAll(':', '')}.csv`, [
    [...head, 'verdict', 'reasons'],
    ...lines.map((line, n) => [...line, rows[n]!.verdict, rows[n]!.suggestions[0]?.reasons.join(' ') ?? '']),
  ])
}
