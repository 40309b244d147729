import { Button, NativeSelect, NumberInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { type FormEvent, useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import type { Account, Rule, RulePreview } from '../types.ts'
import { ErrorNotice, Notice } from './Notice.tsx'
import { PlanLines } from './PlanLines.tsx'
import { useScopeText } from './ruleWords.ts'
import { SlotPreviews } from './SlotPreviews.tsx'
import { CategoryInput, SkuInput } from './Suggested.tsx'
import { useWord } from './words.ts'

const settings = ['safetyUnits', 'safetyPercent', 'cap', 'minimum', 'stopBelow'] as const
type Setting = (typeof settings)[number]
type Given = Record<Setting, number | null>

interface Scope {
  account: string | null
  channel: string | null
  sku: string | null
  category: string | null
}

const queryOf = (scope: Scope, given: Given | null) => {
  const all: [string, string | number | null][] = [...Object.entries(scope), ...Object.entries(given ?? {})]
  return Object.fromEntries(all.filter(([, value]) => value !== null)) as Record<string, never>
}

/** Adds a rule, or changes the settings of one. What it does is shown before it is saved. */
export function RuleForm({
  rule,
  accounts,
  onDone,
}: {
  rule: Rule | null
  accounts: readonly Account[]
  onDone: (text: string) => void
}) {
  const t = useT()
  const scopeText = useScopeText()
  const [place, setPlace] = useState('')
  const [goods, setGoods] = useState<'all' | 'category' | 'sku'>('all')
  const [name, setName] = useState('')
  const [given, setGiven] = useState<Given>({
    safetyUnits: rule?.safetyUnits ?? null,
    safetyPercent: rule?.safetyPercent ?? null,
    cap: rule?.cap ?? null,
    minimum: rule?.minimum ?? null,
    stopBelow: rule?.stopBelow ?? null,
  })
  const add = useChange('addRule', ['publishingRules', 'categories'])
  const change = useChange('changeRule', ['publishingRules'])
  const saving = rule ? change : add
  const label = name.trim()
  const scope: Scope = rule ?? {
    account: place.startsWith('account:') ? place.slice(8) : null,
    channel: place.startsWith('channel:') ? place.slice(8) : null,
    sku: goods === 'sku' ? label || null : null,
    category: goods === 'category' ? label || null : null,
  }
  const isWhole = (rule !== null || goods === 'all' || label !== '') && settings.some((one) => given[one] !== null)
  const preview = usePreview(scope, given, isWhole)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const named = { ...scope, account: accounts.find((one) => one.id === scope.account)?.name ?? scope.account }
    const done = { onSuccess: () => onDone(t('rules.saved', { scope: scopeText(named) })) }
    if (rule) change.mutate({ params: { id: rule.id }, body: given }, done)
    else add.mutate({ body: { ...scope, ...given } }, done)
  }
  return (
    <form onSubmit={submit} className="form">
      {rule ? (
        <p className="dim">{t('rules.scopeFixed')}</p>
      ) : (
        <>
          <div className="pair">
            <PlaceSelect accounts={accounts} value={place} onChange={setPlace} />
            <NativeSelect
              size="xs"
              label={t('rules.goods')}
              value={goods}
              data={[
                { value: 'all', label: t('rules.allGoods') },
                { value: 'category', label: t('rules.category') },
                { value: 'sku', label: t('rules.sku') },
              ]}
              onChange={(event) => setGoods(event.currentTarget.value as typeof goods)}
            />
          </div>
          {goods === 'category' && <CategoryInput label={t('rules.category')} value={name} onChange={setName} />}
          {goods === 'sku' && <SkuInput label={t('rules.sku')} value={name} onChange={setName} />}
        </>
      )}
      <div className="settings">
        {settings.map((one) => (
          <NumberInput
            key={one}
            size="xs"
            label={t(`rules.${one}`)}
            description={t(`rules.${one}Help`)}
            allowDecimal={false}
            min={0}
            max={one === 'safetyPercent' ? 100 : 1_000_000_000}
            value={given[one] ?? ''}
            onChange={(value) => setGiven({ ...given, [one]: typeof value === 'number' ? value : null })}
          />
        ))}
      </div>
      <p className="dim">{t('rules.empty')}</p>
      <PreviewNotice preview={preview} />
      {saving.error && <ErrorNotice error={saving.error} />}
      <Button type="submit" disabled={!isWhole} loading={saving.isPending}>
        {preview.data?.changed ? t('rules.saveCount', { count: preview.data.changed }) : t('rules.save')}
      </Button>
    </form>
  )
}

function PlaceSelect({
  accounts,
  value,
  onChange,
}: {
  accounts: readonly Account[]
  value: string
  onChange: (value: string) => void
}) {
  const t = useT()
  const word = useWord()
  const channels = [...new Set(accounts.map((one) => one.channel))]
  return (
    <NativeSelect
      size="xs"
      label={t('rules.where')}
      data-autofocus
      value={value}
      data={[
        { value: '', label: t('rules.everywhere') },
        ...channels.map((one) => ({
          value: `channel:${one}`,
          label: t('rules.wholeChannel', { name: word('channel', one) }),
        })),
        ...accounts.map((one) => ({ value: `account:${one.id}`, label: one.name })),
      ]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

interface Preview {
  data: RulePreview | undefined
  error: unknown
  isAsked: boolean
  /** What was asked. */
  query: Record<string, never>
}

/** Asked a moment after the last key, and only for what could be saved. */
function usePreview(scope: Scope, given: Given | null, isWhole: boolean): Preview {
  const [text] = useDebouncedValue(isWhole ? JSON.stringify(queryOf(scope, given)) : '', 300)
  const isAsked = text !== '' && isWhole
  const asked = isAsked ? (JSON.parse(text) as Record<string, never>) : {}
  const query = useCall('previewRule', { query: asked }, { enabled: isAsked })
  const data = isAsked && !query.error ? query.data : undefined
  return { data, error: isAsked ? query.error : null, isAsked, query: asked }
}

function PreviewNotice({ preview: { data, error, isAsked, query } }: { preview: Preview }) {
  const t = useT()
  const format = useFormat()
  if (error) return <ErrorNotice error={error} />
  if (!isAsked) return <Notice tone="info">{t('rules.previewHint')}</Notice>
  if (!data) return <Notice tone="info">{t('app.loading')}</Notice>
  if (data.slots === 0) return <Notice tone="info">{t('rules.previewNobody')}</Notice>
  if (data.changed === 0) return <Notice tone="info">{t('rules.previewNone', { count: data.slots })}</Notice>
  return (
    <Notice tone={data.toZero > 0 ? 'warning' : 'info'} title={t('rules.preview')}>
      <p>
        {t('rules.previewChanges', {
          count: data.slots,
          changed: format.number(data.changed),
          lower: format.number(data.lower),
          higher: format.number(data.higher),
        })}
      </p>
      {data.toZero > 0 && (
        <p>
          <strong>{t('rules.previewToZero', { count: data.toZero })}</strong>
        </p>
      )}
      {data.fromZero > 0 && <p>{t('rules.previewFromZero', { count: data.fromZero })}</p>}
      <ul className="samples dim">
        {data.samples.map((one) => (
          <li key={`${one.sku} ${one.account}`}>
            {t('rules.sample', { ...one, from: format.number(one.from), to: format.number(one.to) })}
          </li>
        ))}
      </ul>
      <PlanLines plans={data.plans} />
      <SlotPreviews key={JSON.stringify(query)} query={query} count={data.changed} />
    </Notice>
  )
}

/** What happens without the rule stands above the button that deletes it. */
export function RemoveRule({ rule, onDone }: { rule: Rule; onDone: (text: string) => void }) {
  const t = useT()
  const scopeText = useScopeText()
  const remove = useChange('removeRule', ['publishingRules', 'categories'])
  const { account, channel, sku, category } = rule
  const preview = usePreview({ account, channel, sku, category }, null, true)
  const run = () =>
    remove.mutate(
      { params: { id: rule.id } },
      { onSuccess: () => onDone(t('rules.removed', { scope: scopeText(rule) })) },
    )
  return (
    <div className="form">
      <p>{t('rules.removeText')}</p>
      <PreviewNotice preview={preview} />
      {remove.error && <ErrorNotice error={remove.error} />}
      <Button onClick={run} loading={remove.isPending} data-autofocus>
        {t('rules.removeButton')}
      </Button>
    </div>
  )
}
