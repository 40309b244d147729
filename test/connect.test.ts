/**
 * `entrepot connect` as people run it, against the simulated marketplaces: unattended within a minute, no secret on a command
 * line or in what is printed, and a draft that goes on where it stood.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulator, demoCatalog, serveSimulator } from '../simulator/index.ts'
import { freePort } from '../src/database/binaries.ts'
import { amazonSecrets, amazonSettings, confirmAt } from './support/connecting.ts'
import { type RunningHub, runCommand, startHubProcess } from './support/installation-process.ts'
import { printCount } from './support/iterations.ts'

const slowly = 240_000
const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
let dataDir: string
let env: Record<string, string>
let hub: RunningHub
let served: Awaited<ReturnType<typeof serveSimulator>>

beforeAll(async () => {
  const simulator = createSimulator({ seed: 1, catalog: demoCatalog(), history: { orders: 10, days: 5 } })
  served = await serveSimulator(simulator, { port: 0 })
  simulator.connectStorefront({ hubUrl: 'http://127.0.0.1:9', apiKey: 'none', account: 'Store', webhookSecret })
  dataDir = mkdtempSync(join(tmpdir(), 'entrepot-connect-'))
  chmodSync(dataDir, 0o711)
  const port = String(await freePort())
  env = { DATA_DIR: dataDir, PORT: port, PUBLIC_URL: `http://127.0.0.1:${port}` }
  hub = await startHubProcess(env)
}, slowly)
afterAll(async () => {
  await hub?.stop()
  await served?.close()
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
})

/** The person at the channel: opens the page that was printed, confirms, and follows the way back. */
function seller(options: { refuse?: boolean } = {}) {
  let page: string | undefined
  let answer: Promise<string> | undefined
  return {
    onOut(said: string) {
      page = /(http\S+apps\/authorize\/consent\S+)\n/.exec(said)?.[1]
      if (page) answer ??= confirmAt(page, options).then(async (back) => (await fetch(back)).text())
    },
    answer: () => answer,
  }
}

const settings = () => JSON.stringify(amazonSettings(served.url))
const around = {
  ENTREPOT_SECRET_CLIENT_ID: amazonSecrets.clientId,
  ENTREPOT_SECRET_CLIENT_SECRET: amazonSecrets.clientSecret,
}

test(
  'two channels within a minute, unattended: consent through the running hub, all checks, the stage',
  async () => {
    const begun = performance.now()
    const person = seller()
    const args = ['connect', 'amazon', '--name', 'Amazon US', '--settings', settings(), '--stage', 'live']
    const amazon = await runCommand({ ...env, ...around }, args, { onOut: person.onOut })
    const file = {
      name: 'Own store',
      settings: { webhookUrl: `${served.url}/storefront/webhooks`, sameNetwork: true },
      secrets: { webhookSecret },
    }
    const store = await runCommand(env, ['connect', 'storefront', '--file', '-', '--json'], {
      input: JSON.stringify(file),
    })
    const seconds = Math.round((performance.now() - begun) / 100) / 10
    expect(amazon).toMatchObject({ code: 0, err: '' })
    expect(await person.answer()).toContain('Go back to the terminal')
    expect(amazon.out).toContain(`to the last slash: ${env.PUBLIC_URL}/connect/callback`)
    expect(amazon.out).not.toContain('No hub answers')
    expect(amazon.out.match(/^ok /gm)).toHaveLength(8)
    expect(amazon.out).toContain('Amazon US is connected, in the stage live.')
    expect(JSON.parse(store.out)).toMatchObject({ name: 'Own store', stage: 'shadow', checks: { length: 4 } })
    for (const hidden of [amazonSecrets.clientSecret, amazonSecrets.refreshToken, webhookSecret])
      expect(amazon.out + store.out).not.toContain(hidden)
    const { items } = JSON.parse((await runCommand(env, ['accounts', '--json'])).out) as { items: object[] }
    expect(items).toMatchObject([
      { name: 'Amazon US', stage: 'live', draft: false, halted: null },
      { name: 'Own store', stage: 'shadow', draft: false },
    ])
    printCount('connecting two channels unattended, in seconds', seconds)
    expect(seconds).toBeLessThanOrEqual(60)
  },
  slowly,
)

test(
  'what failed is told, the draft stays, and goes on where it stood',
  async () => {
    const other = JSON.stringify({ ...amazonSettings(served.url), sellerId: 'A9OTHERSELLER' })
    const person = seller({ refuse: true })
    const args = ['connect', 'amazon', '--name', 'Again', '--settings', other]
    const refused = await runCommand({ ...env, ...around }, args, { onOut: person.onOut })
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('[consent_denied]')])
    // With a token, and without the consent; but of another application.
    const wrong = { ...env, ENTREPOT_SECRET_REFRESH_TOKEN: 'Atzr|wrong' }
    const failed = await runCommand(wrong, ['connect', 'amazon', '--resume', 'Again'])
    expect([failed.code, failed.err]).toEqual([1, expect.stringContaining('[checks_failed]')])
    expect(failed.out).toContain('!!   The sign-in works\n     The authorization was taken back')
    expect(failed.out).toContain('?    The clocks agree')
    const right = { ...env, ENTREPOT_SECRET_REFRESH_TOKEN: amazonSecrets.refreshToken }
    const done = await runCommand(right, ['connect', 'amazon', '--resume', 'Again', '--skip-checks'])
    expect(done).toMatchObject({ code: 0, err: '' })
  },
  slowly,
)
