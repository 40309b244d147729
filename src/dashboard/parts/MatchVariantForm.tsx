import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { MatchItem } from '../types.ts'
import { matchLists } from './MatchRow.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'

/** A variant as the channel describes it; a person may say otherwise. */
export function MatchVariantForm({ row, onDone }: { row: MatchItem; onDone: (text: string) => void }) {
  const t = useT()
  const [sku, setSku] = useState(row.remoteSku.trim())
  const [title, setTitle] = useState(row.title ?? row.remoteSku)
  const [gtin, setGtin] = useState(row.gtin ?? '')
  const create = useChange('createFromSkus', matchLists)
  const outcome = create.data?.outcomes[0]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const item = { remoteSku: row.remoteSku, sku: sku.trim(), title: title.trim(), gtin: gtin.trim() || null }
    create.mutate(
      { body: { account: row.accountId, items: [item] } },
      {
        onSuccess: ({ outcomes: [told] }) => {
          if (told === 'created') onDone(t('matching.created', { sku: item.sku }))
        },
      },
    )
  }
  return (
    <form onSubmit={submit} className="form">
      {row.product && <p className="dim">{t('matching.ofProduct', { product: row.product })}</p>}
      <TextInput
        size="xs"
        label={t('matching.ourSku')}
        required
        withAsterisk={false}
        maxLength={200}
        data-autofocus
        value={sku}
        onChange={(event) => setSku(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        label={t('matching.titleLabel')}
        required
        withAsterisk={false}
        maxLength={300}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <TextInput
        size="xs"
        label="GTIN"
        maxLength={40}
        value={gtin}
        onChange={(event) => setGtin(event.currentTarget.value)}
      />
      {outcome && outcome !== 'created' && <Notice tone="warning">{t(`matching.outcome.${outcome}`, { sku })}</Notice>}
      {create.error && <ErrorNotice error={create.error} />}
      <Button type="submit" loading={create.isPending} disabled={sku.trim() === '' || title.trim() === ''}>
        {t('matching.createButton')}
      </Button>
    </form>
  )
}
