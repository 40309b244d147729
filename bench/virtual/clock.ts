/** A clock that only moves when nothing is left to do: events in order of time, and of their making where times are equal. */

export interface VirtualClock {
  /** Milliseconds since the start. */
  now(): number
  at(ms: number, event: () => void): number
  cancel(id: number): void
  /** Until no event is left. With `settle`, what waits for promises comes between any two events. */
  run(settle?: () => Promise<void>): Promise<void>
}

interface Event {
  ms: number
  id: number
  run: () => void
}

const isBefore = (a: Event, b: Event) => a.ms < b.ms || (a.ms === b.ms && a.id < b.id)

export function createClock(): VirtualClock {
  const heap: Event[] = []
  const canceled = new Set<number>()
  let now = 0
  let last = 0

  function push(event: Event): void {
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = event
  }

  function pop(): Event | undefined {
    const first = heap[0]
    const moved = heap.pop()
    if (!first || !moved || heap.length === 0) return first
    let index = 0
    for (;;) {
      let child = index * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
      if (!isBefore(heap[child]!, moved)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = moved
    return first
  }

  return {
    now: () => now,
    at(ms, run) {
      last += 1
      push({ ms: Math.max(now, ms), id: last, run })
      return last
    },
    cancel: (id) => void canceled.add(id),
    async run(settle) {
      await settle?.()
      for (let event = pop(); event; event = pop()) {
        if (canceled.delete(event.id)) continue
        now = event.ms
        event.run()
        await settle?.()
      }
    },
  }
}
