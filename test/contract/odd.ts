/** Entries in another form than documented: every place of one, in every form that it must not have. */

/** A place inside a JSON value, by its pointer. */
export function at(value: unknown, pointer: string) {
  const path = pointer.split('/').slice(1)
  const name = path.pop()!
  const holder = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value)
  const fields = (typeof holder === 'object' && holder !== null ? holder : {}) as Record<string, unknown>
  return {
    get: () => fields[name],
    set: (next: unknown) => void (fields[name] = next),
    remove: () => void delete fields[name],
  }
}

const gone = Symbol('gone')
/** A word for a number, a number for a word, nothing for something. */
const forms = [gone, null, 'odd words', -1.5, {}, true]

function* places(value: unknown, pointer = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    yield `${pointer}/${name}`
    yield* places(inner, `${pointer}/${name}`)
  }
}

/** Copies of the entry with one place changed, the entry itself included. */
export function* eachOdd(base: unknown): Generator<{ what: string; pointer: string; entry: unknown }> {
  for (const entry of [null, 'odd words', -1.5, {}, []])
    yield { what: `${JSON.stringify(entry)} for the entry`, pointer: '', entry }
  for (const pointer of places(base)) {
    for (const form of forms) {
      const entry: unknown = structuredClone(base)
      const place = at(entry, pointer)
      if (JSON.stringify(place.get()) === JSON.stringify(form)) continue
      if (form === gone) place.remove()
      else place.set(form)
      yield { what: `${form === gone ? 'nothing' : JSON.stringify(form)} at ${pointer}`, pointer, entry }
    }
  }
}
