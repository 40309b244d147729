/**
 * A new seller's way through the connect wizard, for every channel, as pictures:
 *   npm run screens:connect -- [--out ./screens/connect] [--only walmart] [--docs docs]
 * Starts simulated marketplaces and an empty hub for each language, clicks as a person does, and takes a picture of each
 * step at both widths. With `--docs` the pictures of the documentation are made anew, from the English screens.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findChromium, noChromium, openPage, settle, signIn } from '../../scripts/chromium.ts'
import { createSimulator, demoCatalog, serveSimulator } from '../../simulator/index.ts'
import { en } from '../../src/dashboard/texts/en.ts'
import { zh } from '../../src/dashboard/texts/zh.ts'
import { freePort } from '../../src/database/binaries.ts'
import { demoChannels } from '../../src/demo-channels.ts'
import { newDataDir, spawnMain, until } from '../support/hub-process.ts'
import { type Entry, type Seller, sellersAt, webhookSecret } from './sellers.ts'

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: './screens/connect' },
    only: { type: 'string' },
    docs: { type: 'string' },
  },
})

const say = (text: string) => void process.stdout.write(`${text}\n`)

const person = { name: 'Olga', email: 'olga@example.com', password: 'correct horse battery' }
const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } }
/** Clicked at the width that is likelier to be in the way of a click: one language at each. */
const passes = [
  { language: 'en', texts: en, size: sizes.wide },
  { language: 'zh', texts: zh, size: sizes.narrow },
] as const
type Pass = (typeof passes)[number]

interface Shop {
  url: string
  simulator: string
  close(): Promise<void>
}

/** Marketplaces and a hub that nobody has used, with a first person. */
async function openShop(): Promise<Shop> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const simulator = createSimulator({
    seed: 1,
    catalog: demoCatalog(),
    history: { orders: 10, days: 5 },
    ebay: { acceptUrl: `${url}/connect/callback` },
    ...Object.assign({}, ...demoChannels.map((one) => one.simulator)),
  })
  simulator.connectStorefront({ hubUrl: 'http://127.0.0.1:9', apiKey: 'none', account: 'none', webhookSecret })
  const served = await serveSimulator(simulator, { port: 0 })
  const dataDir = newDataDir()
  const run = spawnMain({ dataDir, env: { PORT: String(port), PUBLIC_URL: url }, command: ['start'] })
  const close = async () => {
    if (run.child.exitCode === null) run.child.kill('SIGTERM')
    await run.ended
    await served.close()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  try {
    await until('the hub is ready', 240_000, async () => {
      if (run.child.exitCode !== null) throw new Error(`the hub ended:\n${run.output()}`)
      return run.output().includes('Entrepot is ready')
    })
    const token = /token=(\S+)/.exec(run.output())?.[1]
    const made = await fetch(`${url}/api/v1/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...person, token, language: 'en' }),
    })
    if (!made.ok) throw new Error(`no first person: ${await made.text()}`)
    return { url, simulator: served.url, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Fills what is given into the form; the rest stays as it stands. */
async function fill(page: Page, { settings = {}, secrets = {} }: Entry): Promise<void> {
  for (const [name, value] of Object.entries({ ...settings, ...secrets })) {
    const input = page.locator(`[name="${name}"]`)
    const rare = page.locator('form details:not([open])', { has: input })
    if ((await rare.count()) > 0) await rare.locator('summary').click()
    if (typeof value === 'boolean') await input.setChecked(value)
    else if (await input.evaluate((node) => node.tagName === 'SELECT')) await input.selectOption(String(value))
    else await input.fill(Array.isArray(value) ? value.join(', ') : String(value))
  }
  const open = page.locator('form details[open] summary')
  if ((await open.count()) > 0) await open.click()
}

/** The wizard for one channel. `shoot` saves what is seen. */
async function connect(page: Page, seller: Seller, { texts }: Pass, shoot: (step: string) => Promise<void>) {
  const { channel, entry, byConsent } = seller
  const words = texts.connect
  const name = (texts.channel as Record<string, string>)[channel]!
  const press = (text: string) =>
    page.getByRole('button', { name: text.replace(/\{\{\w+\}\}/, name), exact: true }).click()
  const submit = () => page.locator('form button[type=submit]').click()
  // What the channel's own page brings is left empty.
  const right: Entry = {
    settings: entry.settings,
    secrets: Object.fromEntries(Object.entries(entry.secrets).filter(([one]) => !byConsent.includes(one))),
  }
  await page.goto('/accounts')
  await page.getByRole('link', { name: texts.accounts.connect, exact: true }).first().click()
  await page.locator('.channel-list li').first().waitFor()
  await press(words.chooseButton)
  await page.locator('form').waitFor()
  await shoot('1-settings')
  await fill(page, right)
  await fill(page, { settings: seller.example })
  await shoot('2-settings-filled')
  for (const [what, entered] of Object.entries(seller.wrong)) {
    await fill(page, right)
    await fill(page, entered)
    await submit()
    await page
      .locator('form .mantine-InputWrapper-error, form [role=alert], .check-list[aria-busy=false] .next')
      .first()
      .waitFor({ timeout: 60_000 })
    await shoot(`3-${what}`)
    if ((await page.locator('.check-list').count()) > 0) await press(words.toSettings)
    await page.locator('form').waitFor()
  }
  await fill(page, right)
  await submit()
  if (byConsent.length > 0) {
    await page.locator('.redirect').waitFor()
    await page.getByRole('button', { name: words.consentSkip, exact: true }).waitFor()
    await shoot('4-consent')
    await press(words.consentButton)
    if (channel === 'amazon') await page.getByRole('button', { name: 'Confirm' }).click()
  }
  await page.locator('.check-list[aria-busy=false]').waitFor({ timeout: 60_000 })
  await page.locator('.notice').first().waitFor()
  await shoot('5-checks')
  await press(words.toStage)
  await page.locator('fieldset').waitFor()
  await shoot('6-stage')
  await submit()
  await page.locator('ol.needs').waitFor()
  await shoot('7-done')
}

/** Kept free around a picture. */
const edge = 12

/** A part of the documentation: what lies below the bar at the top, a little smaller than it is shown. */
async function pictureOf(page: Page): Promise<Buffer> {
  const box = (await page.locator('.page').boundingBox())!
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', {
    captureBeyondViewport: true,
    clip: { x: box.x - edge, y: box.y - edge, width: box.width + 2 * edge, height: box.height + 2 * edge, scale: 0.65 },
  })
  await session.detach()
  return Buffer.from(data, 'base64')
}

/** The steps of which the documentation shows a picture; the way itself is shown once, by channels where there is much to see. */
function pictureNamed(channel: string, step: string): string | undefined {
  if (step === '2-settings-filled') return `connect-${channel}-settings`
  if (step === '5-checks') return `connect-${channel}-checks`
  if (channel === 'amazon' && step === '4-consent') return 'connect-consent'
  return channel === 'woocommerce' && step === '3-wrong-secret' ? 'connect-checks' : undefined
}

async function walk(browser: Browser, pass: Pass): Promise<string[]> {
  const { language, size } = pass
  const shop = await openShop()
  const context = await browser.newContext({
    baseURL: shop.url,
    viewport: size,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    reducedMotion: 'reduce',
  })
  const { page, faults, isWide } = await openPage(context, language)
  page.setDefaultTimeout(20_000)
  const save = async (name: string) => {
    await settle(page)
    for (const each of Object.values(sizes)) {
      await page.setViewportSize(each)
      await page.evaluate(() => window.scrollTo(0, 0))
      await page.waitForTimeout(100)
      if (await isWide()) faults.push(`${name} ${language} ${each.width}: wider than the window`)
      await page.screenshot({ path: join(options.out, `${name}-${language}-${each.width}.png`), fullPage: true })
    }
    await page.setViewportSize(size)
  }
  try {
    await page.goto('/sign-in')
    await signIn(page, person)
    await page.goto('/accounts/connect')
    await page.locator('.channel-list li').first().waitFor()
    await save('0-channel')
    for (const seller of sellersAt(shop.simulator)) {
      if (options.only && seller.channel !== options.only) continue
      await connect(page, seller, pass, async (step) => {
        await save(`${seller.channel}-${step}`)
        const picture = language === 'en' ? pictureNamed(seller.channel, step) : undefined
        if (options.docs && picture) writeFileSync(join(options.docs, `${picture}.png`), await pictureOf(page))
      })
      say(`${language} ${seller.channel}: connected`)
    }
    await page.goto('/accounts')
    await page.locator('article').first().waitFor()
    await save('8-accounts')
  } catch (error) {
    await page.screenshot({ path: join(options.out, `stuck-${language}.png`), fullPage: true })
    throw error
  } finally {
    await context.close()
    await shop.close()
  }
  return faults
}

const executablePath = findChromium()
if (!executablePath) {
  say(noChromium)
} else {
  mkdirSync(options.out, { recursive: true })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    for (const pass of passes) {
      const faults = await walk(browser, pass)
      for (const fault of faults) say(`fault: ${fault}`)
      if (faults.length > 0) process.exitCode = 1
    }
  } finally {
    await browser.close()
  }
  say(`Pictures are in ${options.out}`)
}
