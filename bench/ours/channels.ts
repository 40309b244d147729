/** Both channels as they are spoken to, at once and without faults: what is measured is the hub. */

export interface Channels {
  /** Answers a request of the hub by its method, address and body. */
  answer(method: string, url: URL, body: string): unknown
  /** A buyer took units there; the channel lowers itself. */
  sell(channel: 'amazon' | 'storefront', sku: string, quantity: number): void
}

/** A quantity as it was written: channel, SKU, number. */
type Written = (channel: 'amazon' | 'storefront', sku: string, quantity: number) => void

interface Webhook {
  type: string
  data: { items: { sku: string; quantity: number }[] }
}
interface Patch {
  patches: { value: { quantity: number }[] }[]
}

export function createChannels(onHand: number, written: Written): Channels {
  const shown = new Map<string, number>()
  const shownAt = (channel: string, sku: string) => shown.get(`${channel} ${sku}`) ?? onHand
  const write: Written = (channel, sku, quantity) => {
    shown.set(`${channel} ${sku}`, quantity)
    written(channel, sku, quantity)
  }
  const storefront = ({ type, data }: Webhook) => {
    if (type !== 'stock.set')
      return { items: data.items.map(({ sku }) => ({ sku, quantity: shownAt('storefront', sku) })) }
    for (const { sku, quantity } of data.items) write('storefront', sku, quantity)
    return { items: data.items.map(({ sku }) => ({ sku, applied: true })) }
  }
  const amazon = (method: string, url: URL, body: string) => {
    if (url.pathname.startsWith('/lwa/')) return { access_token: 'Atza|bench', token_type: 'bearer', expires_in: 3_600 }
    if (method === 'PATCH') {
      const sku = decodeURIComponent(url.pathname.split('/')[6] ?? '')
      write('amazon', sku, (JSON.parse(body) as Patch).patches[0]!.value[0]!.quantity)
      return { sku, status: 'ACCEPTED', submissionId: 'bench' }
    }
    const items = (url.searchParams.get('identifiers') ?? '').split(',').map((sku) => ({
      sku,
      fulfillmentAvailability: [{ fulfillmentChannelCode: 'DEFAULT', quantity: shownAt('amazon', sku) }],
    }))
    return { numberOfResults: items.length, items }
  }
  return {
    sell: (channel, sku, quantity) =>
      void shown.set(`${channel} ${sku}`, Math.max(0, shownAt(channel, sku) - quantity)),
    answer: (method, url, body) =>
      url.pathname === '/storefront' ? storefront(JSON.parse(body) as Webhook) : amazon(method, url, body),
  }
}
