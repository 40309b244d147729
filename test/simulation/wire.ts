/** Listens to what leaves the hub for the marketplaces, and notes what no marketplace should ever see. */

export interface Wire {
  fetch: typeof fetch
  /** Answers of a channel so far that told what its slots show. */
  readings(channel: string): number
  /** Events that were taken by whoever wanted to hear of them, by message id. */
  heard: ReadonlySet<string>
  /** Broken promises, in words. */
  wrong: string[]
}

/** A call that was refused for what it says is not said again before this long. */
const patienceMs = 60_000

/** Reads quantities at each channel: by method and path. */
const readingCalls: readonly [channel: string, call: RegExp][] = [
  ['amazon', /^GET \/amazon.*\/listings\//],
  ['bigcommerce', /^GET \/bigcommerce.*\/inventory\/items$/],
  ['walmart', /^GET \/walmart\/v3\/inventories(\/|$)/],
  ['ebay', /^(POST .*\/bulk_get_inventory_item|GET .*\/inventory_item)$/],
]

/** What a call wants to write, where it writes a quantity: one that was refused for what it says must not come again at once. */
function subjectOf(path: string, init: RequestInit, event: SetData): string | null {
  if (init.method === 'PATCH') return path
  if (event.type === 'stock.set') return JSON.stringify(event.data?.items?.map((item) => item.sku))
  const body = String(init.body ?? '')
  if (path.endsWith('/bulk_update_price_quantity'))
    return (JSON.parse(body) as { requests: { sku: string }[] }).requests.map(({ sku }) => `ebay ${sku}`).join()
  if (path === '/walmart/v3/inventory') return `walmart ${(JSON.parse(body) as { sku: string }).sku}`
  if (path.endsWith('/inventory/adjustments/absolute'))
    return (JSON.parse(body) as { items: { sku: string }[] }).items.map(({ sku }) => `bigcommerce ${sku}`).join()
  if (path.startsWith('/woocommerce') && path.endsWith('/batch'))
    return (JSON.parse(body) as { update: { id: number }[] }).update.map(({ id }) => `woocommerce ${id}`).join()
  return null
}

interface SetData {
  type?: string
  data?: { items?: { sku: string; version?: number }[] }
}

export function listen(fetch: typeof globalThis.fetch, now: () => number): Wire {
  const readings = new Map<string, number>()
  const read = (channel: string) => void readings.set(channel, (readings.get(channel) ?? 0) + 1)
  const wrong: string[] = []
  const heard = new Set<string>()
  const versions = new Map<string, number>()
  const refused = new Map<string, number>()

  const noteVersions = (items: readonly { sku: string; version?: number }[]) => {
    for (const { sku, version = 0 } of items) {
      const before = versions.get(sku) ?? 0
      if (version <= before) wrong.push(`P-6: version ${version} of ${sku} left after version ${before}`)
      versions.set(sku, Math.max(before, version))
    }
  }
  return {
    readings: (channel) => readings.get(channel) ?? 0,
    wrong,
    heard,
    fetch: (async (url: string, init: RequestInit) => {
      const path = new URL(url).pathname
      const event = path === '/storefront/webhooks' ? (JSON.parse(String(init.body)) as SetData) : {}
      const subject = subjectOf(path, init, event)
      if (event.type === 'stock.set') noteVersions(event.data?.items ?? [])
      if (subject !== null) {
        const at = refused.get(subject)
        if (at !== undefined && now() - at < patienceMs) wrong.push(`refused, and sent again at once: ${subject}`)
      }
      const answer = await fetch(url, init)
      if (answer.ok && event.type === 'stock.read') read('storefront')
      for (const [channel, call] of readingCalls) if (answer.ok && call.test(`${init.method} ${path}`)) read(channel)
      const message = new Headers(init.headers).get('webhook-id')
      if (answer.status === 204 && message) heard.add(message)
      // 401 and 403 are about who asks, 429 about how often: those are answered in other ways.
      const isFinal = answer.status >= 400 && answer.status < 500 && ![401, 403, 429].includes(answer.status)
      if (subject !== null) {
        if (isFinal) refused.set(subject, now())
        else refused.delete(subject)
      }
      return answer
    }) as typeof fetch,
  }
}
