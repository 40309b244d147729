/** Callers of the hub's API beside the simulated store: baskets that are given up, and tills that tell their sales. */
import { pick, someSku, upTo } from './chance.ts'
import type { Answer, Installation, TillOrder } from './installation.ts'
import { storeName } from './places.ts'

/** One line or two, often of the same SKU. */
function someLines(it: Installation): { sku: string; quantity: number }[] {
  const first = { sku: someSku(it), quantity: upTo(it, 2) }
  if (it.random() < 0.5) return [first]
  const sku = it.random() < 0.5 ? first.sku : pick(it, ['PLAIN', 'AWK/WARD+1', 'SCARCE'])
  return [first, { sku, quantity: 1 }]
}

const describe = (lines: readonly { sku: string; quantity: number }[]) =>
  lines.map((line) => `${line.quantity} ${line.sku}`).join(', ')

export async function fillBasket(it: Installation): Promise<string> {
  const lines = someLines(it)
  const body = {
    account: storeName,
    reference: `basket ${it.ctx.newId()}`,
    expiresInSeconds: pick(it, [60, 300, 900]),
    lines,
  }
  const status = await it.insist('/reservations', body, ({ status, body }: Answer) => {
    if (status === 201) it.baskets.push((body as { id: string }).id)
  })
  return `${describe(lines)} ${status}`
}

/** Given up, or paid and given up later; one that is left alone runs out. */
export async function endBasket(it: Installation): Promise<string> {
  const id = it.baskets.splice(Math.floor(it.random() * it.baskets.length), 1)[0]
  if (!id) return 'none'
  const step = it.random() < 0.3 ? 'confirm' : 'release'
  const status = await it.insist(`/reservations/${id}/${step}`, {}, () => {})
  if (step === 'confirm') it.baskets.push(id)
  return `${step} ${status}`
}

const bodyOf = (order: TillOrder) => ({
  account: storeName,
  remoteId: order.remoteId,
  placedAt: new Date(order.updatedAt).toISOString(),
  updatedAt: new Date(order.updatedAt).toISOString(),
  state: order.state,
  lines: order.lines.map((line, index) => ({ remoteId: `${order.remoteId}-${index}`, title: line.sku, ...line })),
})

function newOrder(it: Installation, lines = someLines(it)): TillOrder {
  const order: TillOrder = {
    remoteId: `T-${it.till.length + 1}`,
    lines,
    state: 'open',
    updatedAt: it.ctx.clock.now().getTime(),
  }
  it.till.push(order)
  return order
}

/** A new order of these lines, or the first one in a later state. */
export async function tellTill(it: Installation, lines: TillOrder['lines'], state?: TillOrder['state']) {
  const order = (state && it.till[0]) ?? newOrder(it, [...lines])
  if (state) Object.assign(order, { state, updatedAt: it.ctx.clock.now().getTime() })
  await it.insist('/orders', bodyOf(order), () => {})
}

export async function sellAtTill(it: Installation): Promise<string> {
  const order = newOrder(it)
  const status = await it.insist('/orders', bodyOf(order), () => {})
  return `${order.remoteId} ${describe(order.lines)} ${status}`
}

export async function changeTillOrder(it: Installation): Promise<string> {
  const open = it.till.filter((order) => order.state === 'open')
  if (open.length === 0) return 'none'
  const order = pick(it, open)
  order.state = it.random() < 0.5 ? 'shipped' : 'canceled'
  order.updatedAt = Math.max(it.ctx.clock.now().getTime(), order.updatedAt + 1)
  const status = await it.insist('/orders', bodyOf(order), () => {})
  return `${order.remoteId} ${order.state} ${status}`
}

/** Two messages about one new order, each under a key of its own, at the same moment. */
export async function sellAtTwoTills(it: Installation): Promise<string> {
  const order = newOrder(it)
  const tell = async () => `${await it.insist('/orders', bodyOf(order), () => {})}`
  const { results, turns } = await it.process.together([tell, tell])
  const failed = results.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return `${order.remoteId} ${describe(order.lines)} ${turns}`
}
