/**
 * Every page × language × width as PNG into ./screens/, from a running hub:
 *   npm run screens -- [--url http://127.0.0.1:4310 --email … --password …] [--out ./screens] [--only orders]
 * Without --url it reads what the demo left in <DATA_DIR or ./data>/demo.json.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findChromium, noChromium, openPage, settle, signIn } from './chromium.ts'

const { values: options } = parseArgs({
  options: {
    url: { type: 'string' },
    email: { type: 'string' },
    password: { type: 'string' },
    out: { type: 'string', default: './screens' },
    only: { type: 'string' },
  },
})

const languages = ['en', 'zh'] as const
const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]

interface Hub {
  url: string
  email: string
  password: string
}

function findHub(): Hub | null {
  const { url, email, password } = options
  if (url && email && password) return { url: url.replace(/\/$/, ''), email, password }
  const file = join(process.env.DATA_DIR ?? './data', 'demo.json')
  if (!existsSync(file)) return null
  const demo = JSON.parse(readFileSync(file, 'utf8')) as Hub
  return { url: (url ?? demo.url).replace(/\/$/, ''), email: email ?? demo.email, password: password ?? demo.password }
}

/** Pages of one order and one variant need an id that exists. */
async function placesOf(page: Page): Promise<Record<string, string>> {
  const read = async (path: string): Promise<{ items?: { id?: string; sku?: string; isKit?: boolean }[] }> =>
    (await (await page.request.get(`/api/v1${path}`)).json()) as {
      items?: { id?: string; sku?: string; isKit?: boolean }[]
    }
  const problem = (await read('/orders?view=problem&limit=1')).items?.[0]
  const order = problem ?? (await read('/orders?limit=1')).items?.[0]
  const level = (await read('/stock?limit=1')).items?.[0]
  const kit = (await read('/stock?limit=200')).items?.find((one) => one.isKit)
  const account = (await read('/accounts')).items?.[0]
  const held = (await read('/stock/held?limit=1&linked=yes')).items?.[0]
  return {
    overview: '/',
    orders: '/orders',
    'orders-late': '/orders?view=late',
    ...(order?.id ? { order: `/orders/${order.id}` } : {}),
    stock: '/stock',
    ...(level?.sku ? { variant: `/stock/${encodeURIComponent(level.sku)}` } : {}),
    ...(kit?.sku ? { kit: `/stock/${encodeURIComponent(kit.sku)}` } : {}),
    exposure: '/exposure',
    'exposure-empty': '/exposure?q=no-such-sku',
    ...(held?.sku ? { held: `/stock/${encodeURIComponent(held.sku)}` } : {}),
    replenishment: '/replenishment?show=all',
    'replenishment-way': '/replenishment?view=way&show=all',
    'replenishment-cover': '/replenishment?view=cover',
    rules: '/rules',
    drift: '/drift',
    matching: '/matching',
    'matching-linked': '/matching?view=linked',
    accounts: '/accounts',
    connect: '/accounts/connect',
    'connect-settings': '/accounts/connect?channel=amazon',
    ...(account?.id ? { 'connect-checks': `/accounts/connect?account=${account.id}&step=checks` } : {}),
    'store-locations': '/store-locations',
    settlements: '/settlements',
    privacy: '/privacy',
    files: '/files',
    journal: '/journal',
    'filtered-empty': '/orders?q=no-such-order',
    'unknown-filter': '/orders?view=no-such-tab',
    'not-found': '/no-such-page',
  }
}

async function shoot(browser: Browser, hub: Hub, language: (typeof languages)[number], size: (typeof sizes)[number]) {
  const context = await browser.newContext({
    baseURL: hub.url,
    viewport: size,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    reducedMotion: 'reduce',
  })
  const { page, faults, isWide } = await openPage(context, language)
  const save = async (name: string) => {
    if (await isWide()) faults.push(`${name} ${language} ${size.width}: wider than the window`)
    await page.screenshot({
      path: join(options.out, `${name}-${language}-${size.width}.png`),
      fullPage: name !== 'orders' && name !== 'stock',
    })
  }
  await page.goto('/sign-in')
  await settle(page)
  await save('sign-in')
  await signIn(page, hub)
  for (const [name, path] of Object.entries(await placesOf(page))) {
    if (options.only && !name.startsWith(options.only)) continue
    await page.goto(path)
    await settle(page)
    await save(name)
  }
  if (size.width < 760 && !options.only) {
    await page.goto('/')
    await settle(page)
    await page.locator('.burger').click()
    await save('menu')
  }
  await context.close()
  return faults
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/api/v1/setup`, { signal: AbortSignal.timeout(10_000) })).ok
  } catch {
    return false
  }
}

const hub = findHub()
const executablePath = findChromium()
if (!executablePath) {
  console.log(noChromium)
} else if (!hub) {
  console.log('No hub is known. Start one with `npm start -- --demo`, or give --url, --email and --password.')
  process.exitCode = 1
} else if (!(await answers(hub.url))) {
  console.log(`No hub answers at ${hub.url}. Start it first: npm start -- --demo`)
  process.exitCode = 1
} else {
  mkdirSync(options.out, { recursive: true })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    for (const language of languages) {
      for (const size of sizes) {
        const faults = await shoot(browser, hub, language, size)
        for (const fault of faults) console.log(`fault: ${fault}`)
        if (faults.length > 0) process.exitCode = 1
        console.log(`${language} ${size.width}x${size.height}: done`)
      }
    }
  } finally {
    await browser.close()
  }
  console.log(`Pictures are in ${options.out}`)
}
