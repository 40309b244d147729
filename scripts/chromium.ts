/** The browser that takes pictures of the screens, and what a page reports while it is looked at. */
import { existsSync } from 'node:fs'
import type { BrowserContext, Page } from 'playwright-core'

export const findChromium = (): string | undefined =>
  [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (path) => path !== undefined && path !== '' && existsSync(path),
  )

export const noChromium =
  'Skipped: no Chromium is installed. Install one (apt-get install chromium) or name it with CHROMIUM=/path.'

/** A page in this language, and the faults that it shows from now on. */
export async function openPage(
  context: BrowserContext,
  language: string,
): Promise<{ page: Page; faults: string[]; isWide: () => Promise<boolean> }> {
  await context.addInitScript((value) => localStorage.setItem('entrepot.language', value), language)
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`${page.url()} ${error.message}`))
  page.on('console', (message) => {
    // A missing page answers 404 on purpose; the browser logs it.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      faults.push(`${page.url()} ${message.text()}`)
  })
  const isWide = () => page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  return { page, faults, isWide }
}

export async function signIn(page: Page, { email, password }: { email: string; password: string }): Promise<void> {
  await page.locator('input[type=email]').fill(email)
  await page.locator('input[autocomplete=current-password]').fill(password)
  await page.locator('button[type=submit]').click()
  await page.waitForURL((url) => url.pathname !== '/sign-in', { timeout: 15_000 })
}

/** Rows come after the frame: wait until no placeholder is left, then for the fonts. */
export async function settle(page: Page): Promise<void> {
  await page.locator('h1, .empty, .alone').first().waitFor({ timeout: 15_000 })
  await page.waitForFunction(() => document.querySelector('.loading') === null, null, { timeout: 15_000 })
  await page.evaluate(async () => {
    await document.fonts.ready
  })
  await page.waitForTimeout(400)
}
