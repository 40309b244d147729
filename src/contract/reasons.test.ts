/** No English stands inside Chinese texts: reasons have words in both languages, or are codes. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findingText, findingTexts } from './findings.ts'
import { problemText, problemTexts } from './problems.ts'
import { reasonText, reasonTexts, toldAsIs } from './reasons.ts'

const prose = 'the key of yesterday was used'
const params = Object.fromEntries(['why', 'reason', 'message', 'detail'].map((name) => [name, prose]))

/** Reasons for which connectors refuse notifications. */
function refusalsIn(texts: readonly string[]): string[] {
  const pattern = /(?:\brefused\(|kind: 'refused', why: )'([^']+)'/g
  return texts.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!))
}

test('no text of a problem or a finding carries a reason that is told in English only', () => {
  const texts = [
    ...Object.keys(problemTexts).map((code) => [code, problemText(code, params, 'zh')] as const),
    ...Object.keys(findingTexts).map((code) => [code, findingText(code, params, 'zh')] as const),
  ]
  expect(texts.length).toBeGreaterThan(100)
  const english = texts.filter(([, { title, next }]) => `${title} ${next}`.includes(prose)).map(([code]) => code)
  expect(english.filter((code) => !toldAsIs.has(code))).toEqual([])
})

test('every reason of a connector has its words, and each word of zh is Chinese', () => {
  const files = readdirSync('src/channels', { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(?<!test)\.ts$/.test(name),
  )
  const found = refusalsIn(files.map((name) => readFileSync(`src/channels/${name}`, 'utf8')))
  expect(found.length).toBeGreaterThan(10)
  expect(
    [...new Set(found)].filter(
      (why) => !/[一-鿿]/.test(reasonText(why, 'zh')) || reasonText(why, 'zh').startsWith('原因见'),
    ),
  ).toEqual([])
  for (const { zh } of Object.values(reasonTexts)) expect(zh).toMatch(/[一-鿿]/)
})

test('a planted reason is found; codes pass as they are', () => {
  const [why] = refusalsIn([`return refused('${prose}')`])
  expect([reasonText(why!, 'zh').includes('yesterday'), reasonText(why!, 'en')]).toEqual([false, prose])
  expect([reasonText('http_500', 'zh'), reasonText('not signed', 'zh'), reasonText('constructor', 'zh')]).toEqual([
    'http_500',
    '没有签名',
    'constructor',
  ])
})
