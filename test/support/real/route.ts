/**
 * Loaded before a hub under test: what it sends to the receiver's name arrives at an address of this machine. Events go
 * to public addresses only, and a test has none.
 */
const { ROUTE_FROM, ROUTE_TO } = process.env
const real = globalThis.fetch
if (ROUTE_FROM && ROUTE_TO) {
  globalThis.fetch = (input, init) =>
    real(
      typeof input === 'string' && input.startsWith(ROUTE_FROM) ? ROUTE_TO + input.slice(ROUTE_FROM.length) : input,
      init,
    )
}
