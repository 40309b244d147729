import { listStoreLevels, listStoreLocations } from '../../database/views/store.ts'
import { previewMaster, setMaster } from '../../operations/set-master.ts'
import type { Handlers } from './handler.ts'

const shown = 200

export const storeHandlers: Handlers<'storeLocations' | 'storeLevels' | 'previewMaster' | 'setMaster'> = {
  storeLocations: async ({ sql }) => ({ items: await listStoreLocations(sql), nextCursor: null }),
  storeLevels: async ({ sql, input }) => await listStoreLevels(sql, input.query),
  previewMaster: async ({ sql, input, options }) => await previewMaster(sql, options.ctx, input.query, shown),
  setMaster: async ({ sql, input, options, api }) => {
    await setMaster(sql, options.ctx, input.body, api.caller!.name)
    const { account, remoteId } = input.body
    const all = await listStoreLocations(sql)
    return all.find((one) => one.remoteId === remoteId && [one.account.id, one.account.name].includes(account))!
  },
}
