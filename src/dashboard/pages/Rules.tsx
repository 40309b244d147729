import { Button, Modal } from '@mantine/core'
import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { announce } from '../parts/Announcer.tsx'
import { AccountSelect } from '../parts/Filters.tsx'
import { Empty, ErrorNotice, LoadMore, Notice, UnknownFilter } from '../parts/Notice.tsx'
import { Loading, Page, TableFrame } from '../parts/Page.tsx'
import { RemoveRule, RuleForm } from '../parts/RuleForm.tsx'
import { useScopeText, useSettingTexts } from '../parts/ruleWords.ts'
import { SearchBox } from '../parts/SearchBox.tsx'
import { Ago } from '../parts/Time.tsx'
import { useCall, useList } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Rule } from '../types.ts'
import { choose, useView } from '../view.ts'

type Task = { kind: 'add' } | { kind: 'edit' | 'remove'; rule: Rule }

export function RulesPage() {
  const t = useT()
  const may = useMay()
  const scopeText = useScopeText()
  const [asked, set] = useView()
  const [task, setTask] = useState<Task | null>(null)
  const [result, setResult] = useState('')
  const accounts = useCall('accounts', { query: { limit: 200 } }).data?.items
  const account = choose(asked.account, accounts ? accounts.map((one) => one.id) : [asked.account ?? ''], '')
  const q = asked.q ?? ''
  const query = { limit: 50, q: q || undefined, account: account.value || undefined }
  const list = useList('publishingRules', { query }, { every: 3_000 })
  const done = (text: string) => {
    setTask(null)
    setResult(text)
    announce(text)
  }
  const titleOf = (one: Task) =>
    one.kind === 'add' ? t('rules.add') : t(`rules.${one.kind}Of`, { scope: scopeText(one.rule) })
  return (
    <Page title={t('rules.title')} head={<span className="dim">{t('rules.text')}</span>}>
      <div className="filters">
        <SearchBox label={t('rules.search')} value={q} onChange={(value) => set({ q: value || undefined })} />
        <AccountSelect accounts={accounts ?? []} value={account.value} onChange={(value) => set({ account: value })} />
        {may('catalog.manage') && (
          <Button size="xs" onClick={() => setTask({ kind: 'add' })}>
            {t('rules.add')}
          </Button>
        )}
      </div>
      <UnknownFilter name={t('orders.account')} value={account.unknown} onRemove={() => set({ account: undefined })} />
      {result && <Notice tone="ok">{result}</Notice>}
      <Applying applying={list.first?.applying ?? null} />
      {list.error && list.items.length === 0 && <ErrorNotice error={list.error} title={t('error.load')} />}
      {list.isPending && <Loading />}
      {list.first && list.items.length === 0 && (
        <NoRules
          isFiltered={q !== '' || account.value !== ''}
          onClear={() => set({ q: undefined, account: undefined })}
        />
      )}
      {list.items.length > 0 && <RuleTable rules={list.items} isWaiting={list.isPlaceholderData} onTask={setTask} />}
      <LoadMore list={list} />
      {list.first && !may('catalog.manage') && <p className="dim">{t('rules.forbidden')}</p>}
      <Modal
        opened={task !== null}
        onClose={() => setTask(null)}
        title={task ? titleOf(task) : ''}
        size="lg"
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
        // Locking would write a style into the page, which a strict content security policy refuses.
        lockScroll={false}
      >
        {task?.kind === 'remove' && <RemoveRule rule={task.rule} onDone={done} />}
        {task && task.kind !== 'remove' && (
          <RuleForm rule={task.kind === 'edit' ? task.rule : null} accounts={accounts ?? []} onDone={done} />
        )}
      </Modal>
    </Page>
  )
}

function Applying({ applying }: { applying: { slots: number; done: number } | null }) {
  const t = useT()
  const format = useFormat()
  if (!applying) return null
  const { slots, done } = applying
  return (
    <Notice tone="info" title={t('rules.applying', { slots: format.number(slots), done: format.number(done) })}>
      <p>{t('rules.applyingText')}</p>
      <progress className="progress" max={Math.max(1, slots)} value={done} aria-label={t('rules.title')} />
    </Notice>
  )
}

function NoRules({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  const t = useT()
  if (!isFiltered) return <Empty title={t('rules.emptyFirst')} text={t('rules.emptyFirstText')} />
  return (
    <Empty
      title={t('rules.emptyFiltered')}
      action={
        <Button size="xs" onClick={onClear}>
          {t('orders.clear')}
        </Button>
      }
    />
  )
}

function RuleTable({ rules, isWaiting, onTask }: { rules: Rule[]; isWaiting: boolean; onTask: (task: Task) => void }) {
  const t = useT()
  const may = useMay()
  return (
    <TableFrame label={t('rules.title')} stale={isWaiting}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('rules.scope')}</th>
            <th scope="col">{t('rules.settings')}</th>
            <th scope="col" className="wide">
              {t('rules.changed')}
            </th>
            {may('catalog.manage') && (
              <th scope="col">
                <span className="sr-only">{t('rules.edit')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <RuleRow key={rule.id} rule={rule} onTask={may('catalog.manage') ? onTask : null} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function RuleRow({ rule, onTask }: { rule: Rule; onTask: ((task: Task) => void) | null }) {
  const t = useT()
  const scope = useScopeText()(rule)
  const texts = useSettingTexts()(rule)
  return (
    <tr>
      <td className="wrap">
        <strong>{scope}</strong>
      </td>
      <td className="wrap">{texts.join(' · ')}</td>
      <td className="wide">
        <Ago at={rule.changedAt} /> <span className="dim">{t('rules.by', { name: rule.changedBy })}</span>
      </td>
      {onTask && (
        <td>
          <span className="row-actions">
            <button
              type="button"
              className="link-button"
              aria-label={t('rules.editOf', { scope })}
              onClick={() => onTask({ kind: 'edit', rule })}
            >
              {t('rules.edit')}
            </button>
            <button
              type="button"
              className="link-button"
              aria-label={t('rules.removeOf', { scope })}
              onClick={() => onTask({ kind: 'remove', rule })}
            >
              {t('rules.remove')}
            </button>
          </span>
        </td>
      )}
    </tr>
  )
}
