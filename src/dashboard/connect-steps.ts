import type { Channel, Connection } from './types.ts'

export const allSteps = ['channel', 'settings', 'consent', 'checks', 'stage', 'done'] as const
export type Step = (typeof allSteps)[number]

/** The steps that this channel has. */
export function stepsOf(channel: Pick<Channel, 'consent' | 'checks'> | undefined): Step[] {
  return allSteps.filter(
    (step) =>
      (step !== 'consent' || !channel || channel.consent !== null) &&
      (step !== 'checks' || !channel || channel.checks.length > 0),
  )
}

type Known = Pick<Connection, 'draft' | 'secrets' | 'checks' | 'consent'>

/** Where somebody who comes back goes on; a step that was asked for, where it can be taken already. */
export function stepNow(known: Known, asked: string | undefined, steps: readonly Step[]): Step {
  const missing = known.secrets.filter((one) => one.missing)
  const wanted = steps.find((one) => one === asked)
  if (!known.draft) return wanted === 'checks' || wanted === 'consent' ? wanted : 'done'
  const next = nextStep(known, missing, steps)
  const isEarlier = wanted !== undefined && wanted !== 'channel' && steps.indexOf(wanted) <= steps.indexOf(next)
  // Going live waits for the checks, beginning to read does not.
  return isEarlier || (wanted === 'stage' && missing.length === 0) ? wanted! : next
}

function nextStep(known: Known, missing: Known['secrets'], steps: readonly Step[]): Step {
  if (missing.some((one) => !one.byConsent)) return 'settings'
  if (missing.length > 0) return steps.includes('consent') ? 'consent' : 'settings'
  return steps.includes('checks') && known.checks.endedAt === null ? 'checks' : 'stage'
}

export interface Field {
  name: string
  kind: 'text' | 'number' | 'yes-no' | 'choice' | 'list'
  choices: string[]
  isRequired: boolean
  /** Rarely needed: where calls go instead of the channel. */
  isRare: boolean
  value: string
}

interface Property {
  type?: string
  enum?: unknown[]
  default?: unknown
}

const rare = new Set(['endpoint', 'tokenEndpoint', 'consentPage', 'queueEndpoint'])

/** What a form asks for, from the channel's JSON Schema; `known` is what was given before. */
export function fieldsOf(schema: Record<string, unknown>, known: Record<string, unknown> = {}): Field[] {
  const required = (schema.required as string[] | undefined) ?? []
  return Object.entries((schema.properties as Record<string, Property> | undefined) ?? {}).map(([name, property]) => {
    const value = known[name] ?? property.default
    return {
      name,
      kind: kindOf(property),
      choices: (property.enum ?? []).map(String),
      isRequired: required.includes(name),
      isRare: rare.has(name),
      value: Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value),
    }
  })
}

function kindOf({ type, enum: choices }: Property): Field['kind'] {
  if (choices) return 'choice'
  if (type === 'array') return 'list'
  if (type === 'boolean') return 'yes-no'
  return type === 'integer' || type === 'number' ? 'number' : 'text'
}

/** What the form says, as the channel's settings; what is empty is left out. */
export function settingsFrom(fields: readonly Field[], values: Record<string, string>): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, kind }): [string, unknown][] => {
      const text = (values[name] ?? '').trim()
      if (text === '') return []
      if (kind === 'list') return [[name, text.split(/[\s,，、]+/).filter(Boolean)]]
      if (kind === 'yes-no') return [[name, text === 'true']]
      return [[name, kind === 'number' ? Number(text) : text]]
    }),
  )
}
