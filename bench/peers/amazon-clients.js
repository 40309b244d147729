/**
 * The two usual Amazon clients as they are printed: a loop over the changes, one call after the other, or fifty at
 * once; a call that fails in the end is given up. Their own retries, delays and headers are at work; only what is below
 * is replaced: HTTP by the scene's server (Node's https for one, axios' adapter for the other), timers and dates by its clock.
 */
import { EventEmitter } from 'node:events'
import https from 'node:https'
import { SellingPartnerApiAuth } from '@sp-api-sdk/auth'
import { ListingsItemsApiClient } from '@sp-api-sdk/listings-items-api-2021-08-01'
import { SellingPartner } from 'amazon-sp-api'
import axios, { AxiosError } from 'axios'
import { createClock } from '../virtual/clock.ts'
import { changesOf, createWire } from '../virtual/scene.ts'
import { serve } from './serve.ts'

const marketplaceIds = ['A1PA6795UKMFR9']
const sellerId = 'ASELLER'
const nextTurn = setImmediate
const RealDate = Date
const start = RealDate.UTC(2026, 10, 22)
let clock
let wire
let scene

globalThis.setTimeout = (run, ms = 0, ...given) => clock.at(clock.now() + ms, () => run(...given))
globalThis.clearTimeout = (id) => clock.cancel(id)
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(start + clock.now())
    else super(...given)
  }
  static now = () => start + clock.now()
}

/** What the server answers, in Amazon's words. */
function answer(method, path, body, answered) {
  if (path.endsWith('/o2/token')) {
    const token = { access_token: 'Atza|simulated', token_type: 'bearer', expires_in: 3600 }
    // At once: what is compared is how the allowance is used.
    clock.at(clock.now(), () => answered(200, {}, token))
    return
  }
  const sku = /^\/listings\/2021-08-01\/items\/[^/]+\/([^/?]+)/.exec(path)?.[1]
  if (method !== 'PATCH' || !sku) throw new Error(`nothing answers ${method} ${path}`)
  const quantity = body.patches[0].value[0].quantity
  wire.call(decodeURIComponent(sku), quantity, ({ status, rate }) => {
    const headers = rate === null ? {} : { 'x-amzn-ratelimit-limit': String(rate) }
    const refusal = {
      errors: [{ code: 'QuotaExceeded', message: 'You exceeded your quota for the requested resource.' }],
    }
    answered(status, headers, status === 200 ? { sku, status: 'ACCEPTED', submissionId: 's', issues: [] } : refusal)
  })
}

https.request = (options, callback) => {
  const request = new EventEmitter()
  let text = ''
  request.write = (chunk) => (text += chunk)
  request.end = () =>
    answer(options.method, options.path, text && JSON.parse(text), (statusCode, headers, body) => {
      const response = Object.assign(new EventEmitter(), { statusCode, headers })
      callback(response)
      response.emit('data', Buffer.from(JSON.stringify(body)))
      response.emit('end')
    })
  return request
}

axios.defaults.adapter = (config) =>
  new Promise((resolve, reject) => {
    const url = new URL(config.url, config.baseURL)
    const body = config.data && JSON.parse(config.data)
    answer(config.method.toUpperCase(), url.pathname, body, (status, headers, data) => {
      const response = { data: JSON.stringify(data), status, statusText: '', headers, config, request: {} }
      if (config.validateStatus(status)) resolve(response)
      else reject(new AxiosError(`status ${status}`, AxiosError.ERR_BAD_REQUEST, config, {}, response))
    })
  })

const bodyOf = ({ quantity }) => ({
  productType: 'PRODUCT',
  patches: [
    {
      op: 'merge',
      path: '/attributes/fulfillment_availability',
      value: [{ fulfillment_channel_code: 'DEFAULT', quantity }],
    },
  ],
})

/** A way to patch one SKU with each client, made as its documentation says, retries after throttling switched on. */
const clients = {
  'amazon-sp-api': () => {
    const client = new SellingPartner({
      region: 'eu',
      refresh_token: 'Atzr|simulated',
      credentials: { SELLING_PARTNER_APP_CLIENT_ID: 'id', SELLING_PARTNER_APP_CLIENT_SECRET: 'secret' },
    })
    return (change) =>
      client.callAPI({
        operation: 'patchListingsItem',
        endpoint: 'listingsItems',
        path: { sellerId, sku: change.sku },
        query: { marketplaceIds },
        body: bodyOf(change),
        options: { version: '2021-08-01' },
      })
  },
  '@sp-api-sdk': () => {
    const auth = new SellingPartnerApiAuth({ clientId: 'id', clientSecret: 'secret', refreshToken: 'Atzr|simulated' })
    const client = new ListingsItemsApiClient({ auth, region: 'eu', rateLimiting: { retry: true } })
    return (change) => client.patchListingsItem({ sellerId, sku: change.sku, marketplaceIds, body: bodyOf(change) })
  },
}

serve({
  async run(asked) {
    scene = asked.scene
    clock = createClock()
    const changes = changesOf(scene)
    wire = createWire(clock, scene, changes)
    const patch = clients[asked.client]()
    let next = 0
    let failed = 0
    let endedMs
    const loop = async () => {
      while (next < changes.length) {
        const change = changes[next]
        next += 1
        try {
          await patch(change)
        } catch (error) {
          if ((error.response?.status ?? error.code) !== 429) throw error
          failed += 1
        }
      }
    }
    const all = Promise.all(Array.from({ length: asked.atOnce }, loop)).then(() => (endedMs = clock.now()))
    await clock.run(() => new Promise((resolve) => nextTurn(resolve)))
    await all
    return { ...wire.outcome(), endedMs, failed }
  },
})
