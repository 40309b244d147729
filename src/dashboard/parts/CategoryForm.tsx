import { Button } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { StockDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { CategoryInput } from './Suggested.tsx'

/** The label belongs to the product, so it changes for all of its variants. */
export function CategoryForm({ detail }: { detail: StockDetail }) {
  const t = useT()
  const [category, setCategory] = useState(detail.category ?? '')
  const change = useChange('changeProduct', ['stockOf', 'stock', 'categories'])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const body = { category: category.trim() || null }
    change.mutate({ params: { id: detail.productId }, body }, { onSuccess: () => announce(t('category.saved')) })
  }
  return (
    <form onSubmit={submit} className="form pad">
      <CategoryInput
        label={t('category.title')}
        description={t('category.text')}
        value={category}
        onChange={setCategory}
      />
      {change.error && <ErrorNotice error={change.error} />}
      {change.isSuccess && <Notice tone="ok">{t('category.saved')}</Notice>}
      <Button
        size="xs"
        type="submit"
        variant="default"
        disabled={category.trim() === (detail.category ?? '')}
        loading={change.isPending}
      >
        {t('category.save')}
      </Button>
    </form>
  )
}
