import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { Place, Slot } from '../types.ts'
import { SlotChip } from './Chip.tsx'
import { Empty } from './Notice.tsx'
import { TableFrame } from './Page.tsx'
import { useWhy } from './ruleWords.ts'
import { Ago } from './Time.tsx'
import { useWord } from './words.ts'

/** A slot, or all that is known of it as a place where units are sold. */
type Shown = Slot & Partial<Pick<Place, 'units' | 'claimUnits' | 'isCounted'>>

/** `sku`: the variant that is looked at; what is sold within a kit of it says so. */
export function SlotTable({ slots, sku }: { slots: readonly Shown[]; sku: string }) {
  const t = useT()
  if (slots.length === 0) return <Empty title={t('variant.noSlots')} text={t('variant.noSlotsText')} />
  return (
    <TableFrame label={t('variant.where')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('variant.channel')}</th>
            <th scope="col">{t('variant.account')}</th>
            <th scope="col" className="wide">
              {t('variant.remoteSku')}
            </th>
            <th scope="col" className="number" title={t('variant.wishHint')}>
              {t('variant.wish')}
            </th>
            <th scope="col" className="number" title={t('variant.inFlightHint')}>
              {t('variant.inFlight')}
            </th>
            <th scope="col" className="number" title={t('variant.confirmedHint')}>
              {t('variant.confirmed')}
            </th>
            <th scope="col" className="number" title={t('variant.claimHint')}>
              {t('variant.claim')}
            </th>
            <th scope="col" className="number wide" title={t('exposure.perHourHint')}>
              {t('exposure.perHour')}
            </th>
            <th scope="col" title={t('variant.watermarkHint')}>
              {t('variant.watermark')}
            </th>
            <th scope="col" className="number" title={t('variant.straysHint')}>
              {t('variant.strays')}
            </th>
            <th scope="col">{t('variant.state')}</th>
          </tr>
        </thead>
        <tbody>
          {slots.map((slot) => (
            <Row key={slot.id} slot={slot} sku={sku} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function Row({ slot, sku }: { slot: Shown; sku: string }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  const [isOpen, setOpen] = useState(false)
  const row = (
    <tr>
      <td>
        {word('channel', slot.channel)}
        {slot.region && <span className="dim"> {slot.region.toUpperCase()}</span>}
      </td>
      <td
        title={
          slot.marketplaces.length > 0 ? t('exposure.marketplaces', { list: slot.marketplaces.join(' ') }) : undefined
        }
      >
        {slot.account}
      </td>
      <td className="wide">
        <span className="mono">{slot.remoteSku}</span>
        {slot.sku !== null && slot.sku !== sku && (
          <span className="dim"> {t('exposure.inKit', { sku: slot.sku })}</span>
        )}
        {slot.unitsPerSale > 1 && <span className="dim"> {t('variant.perSale', { count: slot.unitsPerSale })}</span>}
      </td>
      <td className="number">
        <Wish slot={slot} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />
      </td>
      <td className="number">{slot.inFlight ? <InFlight write={slot.inFlight} /> : <span className="dim">–</span>}</td>
      <td className="number">
        {slot.confirmed === null ? (
          <span className="is-warning">{t('app.notRead')}</span>
        ) : (
          <>
            {format.number(slot.confirmed)}{' '}
            {slot.confirmedAt && (
              <span className="dim age">
                <Ago at={slot.confirmedAt} />
              </span>
            )}
          </>
        )}
      </td>
      <td className="number">
        <Claim slot={slot} />
      </td>
      <td className="number wide">
        {slot.perHour === null ? <span className="dim">–</span> : format.number(slot.perHour)}
      </td>
      <td>
        {slot.watermark ? (
          <Ago at={slot.watermark} />
        ) : (
          <span className="dim">{slot.confirmed === null ? t('app.notRead') : '–'}</span>
        )}
      </td>
      <td className={`number${slot.strays === 0 ? ' dim' : ' is-warning'}`}>{format.number(slot.strays)}</td>
      <td>
        <SlotChip state={slot.state} /> <Reason slot={slot} />
      </td>
    </tr>
  )
  if (!isOpen || !slot.explanation) return row
  return (
    <>
      {row}
      <tr className="sub why" id={`why-${slot.id}`}>
        <td colSpan={11}>
          <Why explanation={slot.explanation} />
        </td>
      </tr>
    </>
  )
}

/** In units of the variant, where that is known. What somebody else writes is not bounded by anybody. */
function Claim({ slot }: { slot: Shown }) {
  const t = useT()
  const format = useFormat()
  const units = slot.claimUnits === undefined ? slot.claim : slot.claimUnits
  if (slot.isCounted === false)
    return (
      <span className="dim" title={t('exposure.notCounted')}>
        –
      </span>
    )
  return units === null ? <span className="dim">?</span> : format.number(units)
}

/** The number is the button that tells why; hovering tells it too. */
function Wish({ slot, isOpen, onToggle }: { slot: Slot; isOpen: boolean; onToggle: () => void }) {
  const t = useT()
  const format = useFormat()
  const why = useWhy()
  if (slot.wish === null) return <span className="dim">–</span>
  const value = format.number(slot.wish)
  if (!slot.explanation) return <strong>{value}</strong>
  return (
    <button
      type="button"
      className="link-button"
      aria-expanded={isOpen}
      aria-controls={isOpen ? `why-${slot.id}` : undefined}
      aria-label={t('why.show', { value, account: slot.account })}
      title={why(slot.explanation)}
      onClick={onToggle}
    >
      <strong>{value}</strong>
    </button>
  )
}

function Why({ explanation }: { explanation: NonNullable<Slot['explanation']> }) {
  const t = useT()
  const why = useWhy()
  const hasRule = explanation.reasons.some((one) => one.rule !== null)
  return (
    <div className="why-text">
      {why(explanation)} {explanation.pending && <span className="is-warning">{t('why.pending')} </span>}
      {hasRule && <Link to="/rules">{t('why.toRules')}</Link>}
    </div>
  )
}

function InFlight({ write }: { write: NonNullable<Slot['inFlight']> }) {
  const t = useT()
  const format = useFormat()
  const title = write.acceptedAt
    ? t('variant.accepted', { time: format.exact(write.acceptedAt) })
    : t('variant.sent', { time: format.exact(write.sentAt) })
  return (
    <span title={title}>
      {format.number(write.value)}{' '}
      <span className="dim age">
        <Ago at={write.sentAt} />
      </span>
    </span>
  )
}

/** Why a slot stands where it stands. */
function Reason({ slot }: { slot: Slot }) {
  const t = useT()
  const format = useFormat()
  if (slot.reason && slot.state !== 'problem') return <span className="dim reason">{t(`guardWhy.${slot.reason}`)}</span>
  if (slot.state === 'clean') return null
  if (slot.state === 'problem') {
    return (
      <span className="dim reason" title={slot.problem?.code}>
        {slot.problem?.message}
      </span>
    )
  }
  const isHeld = slot.state === 'waiting' && slot.holdUntil !== null
  const text =
    isHeld && slot.holdUntil ? t('slotWhy.hold', { time: format.clock(slot.holdUntil) }) : t(`slotWhy.${slot.state}`)
  return <span className="dim reason">{text}</span>
}
