import { type GraphQLResolveInfo, getDirectiveValues } from 'graphql'
import { BadCursor } from './pages.ts'
import { schema } from './schema.ts'
import type { Shop } from './shop.ts'

/**
 * With the same key and the same input the first answer comes again. The directive is not optional here (facts:
 * channels.md §0.1). How long a key is kept is not published: for ever, here.
 */
export function once(shop: Shop, info: GraphQLResolveInfo, input: unknown, perform: () => object): unknown {
  const directive = schema.getDirective('idempotent')!
  const values = getDirectiveValues(directive, info.fieldNodes[0]!, info.variableValues)
  const key = values?.key
  if (typeof key !== 'string' || key.trim() === '')
    throw new BadCursor(`The @idempotent directive is required for ${info.fieldName}.`)
  const text = JSON.stringify(input)
  const known = shop.state.keys[`${info.fieldName} ${key}`]
  if (!known) {
    const answer = perform()
    shop.state.keys[`${info.fieldName} ${key}`] = { input: text, answer: plain(answer) }
    return answer
  }
  if (known.input === text) return known.answer
  return {
    userErrors: [
      { field: null, code: 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH', message: 'The key was used with other parameters.' },
    ],
  }
}

/** Answers hold functions where there are arguments; those of the first run are not kept. */
const plain = (answer: object): unknown => JSON.parse(JSON.stringify(answer))
