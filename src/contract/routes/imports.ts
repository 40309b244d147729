/** CSV files in and out. */
import { z } from 'zod'
import { defineRoutes } from '../route.ts'
import {
  accountPlan,
  accountRef,
  byId,
  channelName,
  count,
  empty,
  id,
  listQuery,
  mode,
  orderState,
  page,
  time,
} from '../schemas.ts'
import { exposureViews } from './exposure.ts'

const kind = z.enum(['variants', 'stock', 'mappings', 'orders'])
const exportKind = z.enum([...kind.options, 'exposure'])
const encoding = z.enum(['utf-8', 'utf-16le', 'utf-16be', 'gb18030', 'windows-1252'])
const counts = z.object({ new: count, changed: count, same: count, bad: count })
const location = z.string().trim().min(1).max(40)
const timeZone = z.string().min(1).max(60)

const sampleRow = z.object({
  row: count.describe('as a spreadsheet numbers it: the header is row 1'),
  values: z.record(z.string(), z.string()).describe('by our field'),
  result: z.enum(['new', 'changed', 'same', 'bad']),
  before: count.nullable().describe('counts only: units on hand'),
  after: count.nullable(),
  reasons: z.array(z.string()),
})

const anImport = z.object({
  id,
  kind,
  state: z
    .enum(['checking', 'checked', 'waiting', 'running', 'done', 'failed'])
    .describe('checked: waits for a person to run it; the others go on by themselves'),
  fileName: z.string(),
  bytes: count,
  encoding,
  delimiter: z.string(),
  columns: z.array(z.string()),
  fields: z.array(z.object({ name: z.string(), required: z.boolean() })),
  mapping: z.record(z.string(), count).describe('our field → number of the column, from 0'),
  missing: z.array(z.string()).describe('required fields without a column: it cannot run before they have one'),
  account: z.string().nullable(),
  location: z.string().nullable(),
  countedAt: time.nullable().describe('null: the moment the run is asked for'),
  timeZone,
  preview: counts.nullable().describe('what a run would do; null before it was checked'),
  rowsTotal: count.nullable(),
  rowsDone: count,
  counts: counts.describe('done so far, by the check or by the run'),
  failure: z.object({ code: z.string(), text: z.string() }).nullable(),
  importedBefore: time.nullable().describe('the same file was imported before'),
  createdBy: z.string(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

const file = z.unknown()

export const importsRoutes = defineRoutes({
  imports: {
    method: 'GET',
    path: '/imports',
    permission: 'imports.manage',
    summary: 'Imports, newest first',
    query: listQuery,
    response: page(anImport),
  },

  addImport: {
    method: 'POST',
    path: '/imports',
    permission: 'imports.manage',
    status: 201,
    file: 'up',
    summary:
      'Bring a CSV file of up to 50 MB (UTF-8, UTF-16 or GB18030; comma, semicolon or tab). It is checked; nothing changes before it is run',
    query: z.object({
      kind,
      fileName: z.string().trim().min(1).max(200).default('import.csv'),
      account: accountRef.optional().describe('where the file names none'),
      location: location.optional().describe('code; where the file names none'),
      countedAt: time
        .optional()
        .describe('stock: when the shelves were counted. Sales since are taken off; without it the count is of now'),
      timeZone: timeZone.optional().describe('of times without an offset; UTC unless said'),
    }),
    response: anImport,
  },

  import: {
    method: 'GET',
    path: '/imports/{id}',
    permission: 'imports.manage',
    summary: 'One import with its progress and some of its rows as they were understood',
    params: byId,
    response: anImport.extend({
      sample: z.object({ first: z.array(sampleRow), changed: z.array(sampleRow), bad: z.array(sampleRow) }),
      plans: z
        .array(accountPlan)
        .describe('stock, once it is checked: what running it has the accounts send at most, and until when'),
    }),
  },

  changeImport: {
    method: 'PATCH',
    path: '/imports/{id}',
    permission: 'imports.manage',
    summary: 'Correct the mapping or what holds for the whole file; it is checked again',
    params: byId,
    body: z.object({
      mapping: z.record(z.string(), count).optional(),
      account: accountRef.nullable().optional(),
      location: location.nullable().optional(),
      countedAt: time.nullable().optional(),
      timeZone: timeZone.optional(),
      encoding: encoding.optional(),
    }),
    response: anImport,
  },

  runImport: {
    method: 'POST',
    path: '/imports/{id}/run',
    permission: 'imports.manage',
    summary: 'Run it; one that failed goes on where it stopped. Running it twice changes nothing twice',
    params: byId,
    body: empty,
    response: anImport,
  },

  removeImport: {
    method: 'DELETE',
    path: '/imports/{id}',
    permission: 'imports.manage',
    summary: 'Remove the file. What it changed stays',
    params: byId,
    status: 204,
    response: empty,
  },

  importBadRows: {
    method: 'GET',
    path: '/imports/{id}/bad-rows',
    permission: 'imports.manage',
    file: 'down',
    summary: 'The rows that were not taken, as CSV, each with its reason',
    params: byId,
    response: file,
  },

  exportList: {
    method: 'GET',
    path: '/exports/{kind}',
    permission: 'exports.read',
    file: 'down',
    summary: 'A list as CSV; all but exposure can be imported again. Orders come without buyer data',
    params: z.object({ kind: exportKind }),
    query: z.object({
      q: z.string().max(200).optional(),
      account: accountRef.optional(),
      channel: channelName.max(50).optional(),
      state: orderState.optional(),
      linked: z.enum(['yes', 'no']).optional(),
      stockView: z.enum(['all', 'short', 'sold-out', 'unequal']).optional(),
      orderView: z.enum(['all', 'to-ship', 'late', 'due-today', 'problem', 'pending']).optional(),
      mode: mode.optional(),
      exposureView: z.enum(exposureViews).optional(),
    }),
    response: file,
  },
})
