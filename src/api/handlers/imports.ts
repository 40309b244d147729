import { exportPermissions, filePermissions, isAllowed, type Permission } from '../../contract/permissions.ts'
import { importFailureText, rowFaultText } from '../../contract/row-faults.ts'
import type { ImportRow } from '../../database/imports.ts'
import type { Sql } from '../../database/pool.ts'
import { slotsOfVariants } from '../../database/views/plan.ts'
import { Problem } from '../../domain/errors.ts'
import { importKinds } from '../../domain/import-fields.ts'
import { accountPlans } from '../../operations/account-plans.ts'
import { exportCsv } from '../../operations/export-lists.ts'
import { badRowsCsv } from '../../operations/imports/bad-rows.ts'
import { type Described, describeImport, inColumns, listDescribed } from '../../operations/imports/describe.ts'
import {
  acceptFile,
  changeImport,
  dropFile,
  mustGetImport,
  receiveFile,
  removeImport,
  runImport,
} from '../../operations/imports/manage.ts'
import { openSample } from '../../operations/imports/sample.ts'
import type { ApiOptions, ApiRequest } from '../options.ts'
import type { Call, Handlers } from './handler.ts'
import { tellPlan } from './plan.ts'

type Language = 'en' | 'zh'
type Kind = keyof typeof filePermissions

function mustBeAllowed(api: ApiRequest, permission: Permission): void {
  if (!isAllowed(api.caller!.role, permission)) throw new Problem('forbidden', { permission })
}

/** One of a kind that the caller may not import is not shown either: its sample holds rows of that kind. */
async function mustFind({ sql, input, api }: Pick<Call<{ params: { id: string } }>, 'sql' | 'input' | 'api'>) {
  const row = await mustGetImport(sql, input.params.id)
  mustBeAllowed(api, filePermissions[row.kind].import)
  return row
}

const inWords = ({ failure, ...one }: Described, language: Language) => ({
  ...one,
  failure: failure && { code: failure.code, text: importFailureText(failure, language) },
})

/** What running a checked count has accounts send, at most: each changed SKU at every listing of it. */
async function plansOf(sql: Sql, options: ApiOptions, { kind, state, preview }: ImportRow) {
  const changed = kind === 'stock' && state === 'checked' && preview ? preview.changed + preview.new : 0
  if (changed === 0) return []
  const plans = await accountPlans(sql, options.ctx, { more: await slotsOfVariants(sql, changed) })
  return plans.filter((one) => one.more > 0).map(tellPlan)
}

export const importHandlers: Handlers<
  'imports' | 'addImport' | 'import' | 'changeImport' | 'runImport' | 'removeImport' | 'importBadRows' | 'exportList'
> = {
  imports: async ({ sql, input, api }) => {
    const kinds = importKinds.filter((kind) => isAllowed(api.caller!.role, filePermissions[kind].import))
    const page = await listDescribed(sql, kinds, input.query)
    return { ...page, items: page.items.map((one) => inWords(one, api.language)) }
  },
  addImport: async ({ sql, api }) => {
    const id = await acceptFile(sql, api.upload!)
    return inWords(await describeImport(sql, await mustGetImport(sql, id)), api.language)
  },
  import: async (call) => {
    const { sql, api, options } = call
    const row = await mustFind(call)
    const sample = openSample(options.ctx, row)
    const told = (list: (typeof sample)['first']) =>
      list.map(({ faults, ...one }) => ({
        ...one,
        reasons: faults.map((fault) => rowFaultText(inColumns(row, fault), api.language)),
      }))
    return {
      ...inWords(await describeImport(sql, row), api.language),
      sample: { first: told(sample.first), changed: told(sample.changed), bad: told(sample.bad) },
      plans: await plansOf(sql, options, row),
    }
  },
  changeImport: async (call) => {
    const { id } = await mustFind(call)
    await changeImport(call.sql, call.options.ctx, id, call.input.body)
    return inWords(await describeImport(call.sql, await mustGetImport(call.sql, id)), call.api.language)
  },
  runImport: async (call) => {
    const { id } = await mustFind(call)
    await runImport(call.sql, call.options.ctx, id)
    return inWords(await describeImport(call.sql, await mustGetImport(call.sql, id)), call.api.language)
  },
  removeImport: async (call) => {
    const { id } = await mustFind(call)
    await removeImport(call.sql, id)
    return {}
  },
  importBadRows: async (call) => {
    const { api, options } = call
    const row = await mustFind(call)
    const isChinese = api.language === 'zh'
    return badRowsCsv(options.ctx, row, {
      row: isChinese ? '行号' : 'row',
      reason: isChinese ? '原因' : 'reason',
      say: (fault) => rowFaultText(inColumns(row, fault), api.language),
    })
  },
  exportList: async ({ input, api, options }) => {
    mustBeAllowed(api, exportPermissions[input.params.kind])
    return exportCsv(options.ctx, input.params.kind, input.query)
  },
}

/** Takes the body of an upload in, before its transaction begins: a slow sender must not hold one open. */
export async function takeUpload(
  options: Call<unknown>['options'],
  api: ApiRequest,
  query: { kind: Kind; fileName: string },
  body: AsyncIterable<Uint8Array>,
) {
  mustBeAllowed(api, filePermissions[query.kind].import)
  const upload = await receiveFile(options.ctx, { ...query, createdBy: api.caller!.name }, body)
  return { upload, drop: () => dropFile(options.ctx, upload) }
}
