import { Button, NumberInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { StockDetail } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ErrorNotice } from './Notice.tsx'
import { Panel } from './Page.tsx'
import { SkuInput } from './Suggested.tsx'

interface Component {
  sku: string
  quantity: number | string
}

/** What a variant is made of. Shown where it is a kit, or where a person may make it one. */
export function KitPanel({ detail }: { detail: StockDetail }) {
  const t = useT()
  const format = useFormat()
  const may = useMay()
  const [editing, setEditing] = useState(false)
  const kit = useCall('kit', { params: { sku: detail.sku } })
  const components = kit.data?.sku === detail.sku ? kit.data.components : []
  if (!detail.isKit && !may('catalog.manage')) return null
  return (
    <Panel title={t('kit.title')}>
      {editing ? (
        <KitForm sku={detail.sku} components={components} close={() => setEditing(false)} />
      ) : (
        <div className="pad">
          {components.length === 0 && <p className="dim">{t('kit.none')}</p>}
          <ul className="plain">
            {components.map((one) => (
              <li key={one.sku}>
                {format.number(one.quantity)} ×{' '}
                <Link to="/stock/$sku" params={{ sku: one.sku }}>
                  {one.sku}
                </Link>{' '}
                <span className="dim">{one.title}</span>
              </li>
            ))}
          </ul>
          {may('catalog.manage') && (
            <Button size="xs" variant="default" onClick={() => setEditing(true)}>
              {t(detail.isKit ? 'kit.change' : 'kit.make')}
            </Button>
          )}
        </div>
      )}
    </Panel>
  )
}

function KitForm({ sku, components, close }: { sku: string; components: readonly Component[]; close: () => void }) {
  const t = useT()
  const [rows, setRows] = useState<Component[]>(components.length > 0 ? [...components] : [{ sku: '', quantity: 1 }])
  const define = useChange('defineKit', ['kit', 'stockOf', 'stock'])
  const change = (index: number, next: Partial<Component>) =>
    setRows(rows.map((row, at) => (at === index ? { ...row, ...next } : row)))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const given = rows
      .filter((row) => row.sku.trim() !== '')
      .map((row) => ({ sku: row.sku.trim(), quantity: Number(row.quantity) || 1 }))
    define.mutate(
      { params: { sku }, body: { components: given } },
      {
        onSuccess: () => {
          announce(t('kit.saved', { sku }))
          close()
        },
      },
    )
  }
  return (
    <form onSubmit={submit} className="pad kit-form">
      <p className="dim">{t('kit.hint')}</p>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no other name while it is typed
        <div className="inline-form" key={index}>
          <SkuInput label={t('kit.component')} value={row.sku} onChange={(value) => change(index, { sku: value })} />
          <NumberInput
            size="xs"
            label={t('kit.quantity')}
            min={1}
            max={1_000_000}
            allowDecimal={false}
            value={row.quantity}
            onChange={(quantity) => change(index, { quantity })}
          />
          <Button
            size="xs"
            variant="subtle"
            aria-label={t('kit.remove', { sku: row.sku })}
            onClick={() => setRows(rows.filter((_, at) => at !== index))}
          >
            ×
          </Button>
        </div>
      ))}
      <div className="inline-form">
        <Button size="xs" variant="default" onClick={() => setRows([...rows, { sku: '', quantity: 1 }])}>
          {t('kit.add')}
        </Button>
        <Button size="xs" type="submit" loading={define.isPending}>
          {t('kit.save')}
        </Button>
        <Button size="xs" variant="subtle" onClick={close}>
          {t('kit.cancel')}
        </Button>
      </div>
      {define.error && <ErrorNotice error={define.error} />}
    </form>
  )
}
