/** Listens to what leaves the hub for the marketplaces, and notes what no marketplace should ever see. */

export interface Wire {
  fetch: typeof fetch
  /** Answers so far that told what slots show. */
  readings(): number
  /** Events that were taken by whoever wanted to hear of them, by message id. */
  heard: ReadonlySet<string>
  /** Broken promises, in words. */
  wrong: string[]
}

/** A call that was refused for what it says is not said again before this long. */
const patienceMs = 60_000

interface SetData {
  type?: string
  data?: { items?: { sku: string; version?: number }[] }
}

export function listen(fetch: typeof globalThis.fetch, now: () => number): Wire {
  let readings = 0
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
    readings: () => readings,
    wrong,
    heard,
    fetch: (async (url: string, init: RequestInit) => {
      const path = new URL(url).pathname
      const isPatch = init.method === 'PATCH'
      const event = path === '/storefront/webhooks' ? (JSON.parse(String(init.body)) as SetData) : {}
      const isSet = event.type === 'stock.set'
      const subject = isPatch ? path : isSet ? JSON.stringify(event.data?.items?.map((item) => item.sku)) : null
      if (isSet) noteVersions(event.data?.items ?? [])
      if (subject !== null) {
        const at = refused.get(subject)
        if (at !== undefined && now() - at < patienceMs) wrong.push(`refused, and sent again at once: ${subject}`)
      }
      const answer = await fetch(url, init)
      if (answer.ok && ((init.method === 'GET' && path.includes('/listings/')) || event.type === 'stock.read'))
        readings += 1
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
