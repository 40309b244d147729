import { expect, test } from 'vitest'
import { refuseUrl } from './guard.ts'

const refuse = (url: string, allowedOrigins: string[] = []) => refuseUrl(new URL(url), { allowedOrigins })

test.each([
  'https://sellingpartnerapi-na.amazon.com/orders',
  'https://store.example:8443/hook',
  'https://8.8.8.8/',
  'https://172.15.0.1',
  'https://172.32.0.1',
  'https://100.63.0.1',
  'https://192.167.1.1',
  'https://[2606:4700::1111]/',
  'https://localhost.example/',
])('%s may be called', (url) => {
  expect(refuse(url)).toBeUndefined()
})

test.each([
  'http://store.example/',
  'ftp://store.example/',
  'file:///etc/passwd',
  'data:text/plain,x',
  'https://localhost/',
  'https://hub.localhost/',
  'https://printer.local',
  'https://metadata.google.internal/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.0.0.1/',
  'https://0177.0.0.1/',
  'https://0.0.0.0/',
  'https://10.1.2.3/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.0.1/',
  'https://192.0.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://100.64.0.1/',
  'https://100.127.255.255/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::]/',
  'https://[::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[febf::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:8.8.8.8]/',
  'https://LOCALHOST/',
  'https://１２７.0.0.1/',
])('%s is refused', (url) => {
  expect(refuse(url)).toMatch(/refused|private/)
})

test.each(['https://localhost./', 'https://hub.local./'])('%s is refused, dot or not', (url) => {
  expect(refuse(url)).toMatch(/private/)
})

test('a user or a password is refused, whatever the place', () => {
  expect(refuse('https://user@store.example/')).toMatch(/user or a password/)
  expect(refuse('https://:pass@store.example/')).toMatch(/user or a password/)
  expect(refuse('http://user:pass@127.0.0.1:4400/', ['http://127.0.0.1:4400'])).toMatch(/user or a password/)
})

test('an allowed origin is that scheme, host and port, and no other', () => {
  const allowed = ['http://127.0.0.1:4400']
  expect(refuse('http://127.0.0.1:4400/amazon/orders?x=1', allowed)).toBeUndefined()
  for (const url of [
    'http://127.0.0.1:4401/',
    'https://127.0.0.1:4400/',
    'http://127.0.0.2:4400/',
    'http://localhost:4400/',
  ]) {
    expect(refuse(url, allowed), url).toBeDefined()
  }
})

test('the reason names no path or query, which may hold secrets', () => {
  expect(refuse('http://store.example/hook?token=canary')).not.toContain('canary')
  expect(refuse('https://10.0.0.1/hook?token=canary')).not.toContain('canary')
})
