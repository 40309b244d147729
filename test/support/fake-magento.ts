/**
 * A small store that answers as Magento's REST API does where the bridge asks: orders of whole seconds, a salable quantity
 * that is the source's less its reservations, shipments that lower the source. Written from the published API.
 */
interface Line {
  item_id: number
  parent_item_id?: number
  product_type: string
  sku: string
  name: string
  price: number
  qty_ordered: number
  qty_canceled: number
  qty_shipped: number
  qty_refunded: number
  is_virtual: number
}

interface Order {
  entity_id: number
  state: string
  created_at: string
  updated_at: string
  order_currency_code: string
  grand_total: number
  items: Line[]
  extension_attributes: { shipping_assignments: { shipping: { address: Record<string, unknown> } }[] }
  /** Not told: in the list from then on. */
  listedAt: number
}

export type FakeMagento = ReturnType<typeof fakeMagento>

/** `lagMs`: an order takes its units at once and is listed so much later. */
export function fakeMagento(now: () => number, stock: Record<string, number>, lagMs = 0) {
  const source = new Map(Object.entries(stock))
  const orders: Order[] = []
  const shipments: { order_id: number; comments: { comment: string }[]; tracks: { track_number: string }[] }[] = []
  /** What becomes of the next writes of quantities: carried out without an answer, or neither. */
  const fates: ('lost' | 'vanished')[] = []
  let ids = 100
  const second = () => new Date(now()).toISOString().slice(0, 19).replace('T', ' ')

  const open = ({ items }: Order, sku: string) =>
    items
      .filter((line) => line.sku === sku && line.product_type === 'simple')
      .reduce((sum, line) => sum + line.qty_ordered - line.qty_canceled - line.qty_shipped, 0)
  const salable = (sku: string) => source.get(sku)! - orders.reduce((sum, order) => sum + open(order, sku), 0)

  function buy(sku: string, quantity: number, as: 'simple' | 'configurable' = 'simple'): Order | undefined {
    if (salable(sku) < quantity) return undefined
    const line = {
      name: sku,
      price: 10.1,
      qty_ordered: quantity,
      qty_canceled: 0,
      qty_shipped: 0,
      qty_refunded: 0,
      is_virtual: 0,
      sku,
    }
    const parent = (ids += 1)
    const items: Line[] =
      as === 'simple'
        ? [{ ...line, item_id: parent, product_type: 'simple' }]
        : [
            { ...line, item_id: parent, product_type: 'configurable' },
            { ...line, item_id: (ids += 1), parent_item_id: parent, product_type: 'simple', price: 0 },
          ]
    const order: Order = {
      entity_id: (ids += 1),
      state: 'processing',
      created_at: second(),
      updated_at: second(),
      order_currency_code: 'EUR',
      grand_total: 10.1 * quantity,
      items,
      extension_attributes: {
        shipping_assignments: [
          {
            shipping: {
              address: {
                firstname: 'Ada',
                lastname: 'Beispiel',
                street: ['Weg 1'],
                city: 'Köln',
                postcode: '50667',
                country_id: 'DE',
              },
            },
          },
        ],
      },
      listedAt: now() + lagMs,
    }
    orders.push(order)
    return order
  }

  function cancel(order: Order): void {
    for (const line of order.items) line.qty_canceled = line.qty_ordered - line.qty_shipped
    Object.assign(order, { state: 'canceled', updated_at: second() })
  }

  function handle(request: Request): Promise<Response> | Response {
    const { pathname, searchParams: query } = new URL(request.url)
    if (request.headers.get('authorization') !== 'Bearer integration') return Response.json({}, { status: 401 })
    const path = decodeURIComponent(pathname.replace('/rest/V1', ''))
    const filters = new Map(
      [0, 1].map((index) => {
        const at = `searchCriteria[filter_groups][${index}][filters][0]`
        return [query.get(`${at}[field]`), query.get(`${at}[value]`) ?? '']
      }),
    )
    if (path === '/orders') {
      const [size, page] = ['pageSize', 'currentPage'].map((name) => Number(query.get(`searchCriteria[${name}]`))) as [
        number,
        number,
      ]
      const found = orders
        .filter((one) => one.listedAt <= now() && one.updated_at >= filters.get('updated_at')!)
        .sort((a, b) => a.updated_at.localeCompare(b.updated_at) || a.entity_id - b.entity_id)
      // Beyond the last page Magento gives the last page again.
      const from = Math.min((page - 1) * size, Math.max(0, Math.ceil(found.length / size) - 1) * size)
      return Response.json({ items: found.slice(from, from + size), total_count: found.length })
    }
    const asked = /^\/inventory\/get-product-salable-quantity\/(.+)\/1$/.exec(path)?.[1]
    if (asked) return source.has(asked) ? Response.json(salable(asked)) : Response.json({}, { status: 404 })
    if (path === '/inventory/source-items' && request.method === 'GET') {
      const quantity = source.get(filters.get('sku')!)
      return Response.json({ items: quantity === undefined ? [] : [{ sku: filters.get('sku'), quantity }] })
    }
    if (path === '/inventory/source-items') return write(request)
    if (path === '/shipments')
      return Response.json({ items: shipments.filter((one) => String(one.order_id) === filters.get('order_id')) })
    const shipped = /^\/order\/(\d+)\/ship$/.exec(path)?.[1]
    return shipped ? ship(Number(shipped), request) : Response.json({}, { status: 404 })
  }

  async function write(request: Request): Promise<Response> {
    const fate = fates.shift()
    const { sourceItems } = (await request.json()) as { sourceItems: { sku: string; quantity: number }[] }
    if (fate !== 'vanished') for (const { sku, quantity } of sourceItems) source.set(sku, quantity)
    if (fate) throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
    return Response.json([])
  }

  async function ship(id: number, request: Request): Promise<Response> {
    const order = orders.find((one) => one.entity_id === id)!
    const { items, comment, tracks } = (await request.json()) as {
      items: { order_item_id: number; qty: number }[]
      comment: { comment: string }
      tracks: { track_number: string }[]
    }
    for (const { order_item_id, qty } of items)
      for (const line of order.items.filter((one) => [one.item_id, one.parent_item_id].includes(order_item_id))) {
        line.qty_shipped += qty
        if (line.product_type === 'simple') source.set(line.sku, source.get(line.sku)! - qty)
      }
    const done = order.items.every((line) => line.qty_shipped + line.qty_canceled >= line.qty_ordered)
    Object.assign(order, { updated_at: second(), ...(done ? { state: 'complete' } : {}) })
    shipments.push({ order_id: id, comments: [comment], tracks })
    return Response.json(shipments.length)
  }

  return { handle, buy, cancel, salable, orders, shipments, fates, source }
}
