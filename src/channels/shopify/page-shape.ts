/**
 * How many orders a page asks for, and how many lines of each. Both are paid from what one call may cost (facts §3), and
 * an order with more lines than its page shows is read again: so a page asks for as many lines as the store's orders have.
 */

/** Points of one call; 1,000 is the most that is taken. An order: itself, its total, address, attributes, lines. */
export const roomAtFirst = 996
const pagePoints = 2
const orderPoints = 7
const linePoints = 3

const ordersAtMost = 250
/** Line counts of the orders that came last; no more are remembered. */
export const remembered = 50
/** Orders that are read again together, and the fewest lines of each; also what a store is asked for that nobody knows yet. */
export const togetherAtMost = 10
const linesTogether = 30

export interface Shape {
  orders: number
  lines: number
}

export const shapeOf = (room: number, lines: number): Shape => ({
  orders: Math.max(1, Math.min(ordersAtMost, Math.floor((room - pagePoints) / (orderPoints + linePoints * lines)))),
  lines,
})

/** The shape that needs the fewest calls for orders like those that came last. */
export function pageShape(room: number, seen: readonly number[]): Shape {
  if (seen.length === 0) return shapeOf(room, linesTogether)
  const again = 1 / togetherAtMost
  const callsAn = (lines: number) =>
    1 / shapeOf(room, lines).orders + (seen.filter((count) => count > lines).length / seen.length) * again
  const choices = [...new Set(seen)].filter((lines) => lines > 0 && lines <= linesTogether)
  const best = choices.sort((a, b) => callsAn(a) - callsAn(b) || a - b)[0]
  return shapeOf(room, best ?? linesTogether)
}

/** How many of the orders that wait are read again by one call, and how many lines of each. */
export function togetherShape(room: number, waiting: number): Shape {
  const orders = Math.min(waiting, togetherAtMost)
  return { orders, lines: Math.min(250, Math.max(1, Math.floor((room / orders - orderPoints) / linePoints))) }
}
