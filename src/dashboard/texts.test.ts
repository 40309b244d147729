import { expect, test } from 'vitest'
import { en } from './texts/en.ts'
import { zh } from './texts/zh.ts'

type Tree = { [key: string]: string | Tree }

function flat(tree: Tree, path = ''): [string, string][] {
  return Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : flat(value, `${path}${key}.`),
  )
}
const english = new Map(flat(en))
const chinese = new Map(flat(zh))
const blanks = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((one) => one[1]!).sort()

test('every Chinese text fills the same blanks as the English one', () => {
  for (const [key, text] of chinese) expect([key, blanks(text)]).toEqual([key, blanks(english.get(key) ?? '')])
})

test('Chinese uses full-width punctuation and no polite 您', () => {
  for (const [key, text] of chinese) expect([key, /您|\p{Script=Han}[,;:?!]/u.test(text)]).toEqual([key, false])
})

test('nothing is empty', () => {
  for (const [key, text] of [...english, ...chinese]) expect([key, text.length > 0]).toEqual([key, true])
})
