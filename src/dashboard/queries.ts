import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { type AnswerOf, ApiProblem, call, type InputOf, NoAnswer, newKey } from './api.ts'
import type { Name } from './endpoints.ts'
import { useLanguage } from './i18n.ts'

interface Options {
  /** Milliseconds between looks. */
  every?: number
  enabled?: boolean
}

/** One answer, kept current. Titles and advice come in the asked language, so the language is part of the key. */
export function useCall<N extends Name>(name: N, input: InputOf<N>, options: Options = {}) {
  const language = useLanguage()
  return useQuery({
    queryKey: [name, input, language],
    queryFn: ({ signal }) => call(name, input, { signal }),
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    placeholderData: keepPreviousData,
  })
}

type Page = { items: unknown[]; nextCursor: string | null }
type ListName = { [N in Name]: AnswerOf<N> extends Page ? N : never }[Name]
type ItemOf<N extends ListName> = AnswerOf<N> extends { items: (infer I)[] } ? I : never

/** Beyond this, looking again would read every page loaded so far each time. */
const livePages = 3

/** A list by cursor. The first pages stay live; after `livePages` it stands still, and the page says so. */
export function useList<N extends ListName>(name: N, input: InputOf<N>, options: Options = {}) {
  const language = useLanguage()
  const query = useInfiniteQuery({
    queryKey: [name, 'pages', input, language],
    queryFn: ({ signal, pageParam }) => {
      const given = input as { query?: object }
      const asked = { ...given, query: { ...given.query, ...(pageParam ? { cursor: pageParam } : {}) } }
      return call(name, asked as InputOf<N>, { signal })
    },
    initialPageParam: '',
    getNextPageParam: (last) => (last as Page).nextCursor ?? undefined,
    enabled: options.enabled ?? true,
    refetchInterval: (one) => ((one.state.data?.pages.length ?? 0) <= livePages ? (options.every ?? false) : false),
    placeholderData: keepPreviousData,
  })
  const pages = query.data?.pages ?? []
  const items = pages.flatMap((page) => (page as Page).items) as ItemOf<N>[]
  return { ...query, items, first: pages[0], isLive: options.every !== undefined && pages.length <= livePages }
}

/**
 * A change. The same body sent again after silence carries the same key, so the hub carries it out once; a new body
 * gets a new key.
 */
export function useChange<N extends Name>(name: N, refresh: readonly Name[] = []) {
  const client = useQueryClient()
  const last = useRef({ text: '', key: '' })
  return useMutation({
    mutationFn: (input: InputOf<N>) => {
      const text = JSON.stringify(input)
      if (last.current.text !== text) last.current = { text, key: newKey() }
      return call(name, input, { idempotencyKey: last.current.key })
    },
    onSettled: (_, error) => {
      if (error instanceof NoAnswer) return
      last.current = { text: '', key: '' }
      for (const one of refresh) void client.invalidateQueries({ queryKey: [one] })
    },
  })
}

export const isStatus = (error: unknown, status: number): boolean =>
  error instanceof ApiProblem && error.status === status
