import { type QueryClient, useQuery } from '@tanstack/react-query'
import type { Permission } from '../contract/permissions.ts'
import { call, setCsrf } from './api.ts'
import { setHubClock } from './clock.ts'
import { preferLanguage } from './i18n.ts'
import { isStatus } from './queries.ts'
import type { Session } from './types.ts'

const sessionKey = ['session']

export function signedIn(client: QueryClient, session: Session): void {
  setCsrf(session.csrf)
  setHubClock(session.now, session.demo?.speed ?? 1)
  preferLanguage(session.user.language)
  client.setQueryData(sessionKey, session)
}

/** Nothing of the person before may stay on the screen or in memory. */
export function signedOut(client: QueryClient): void {
  setCsrf('')
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionKey[0] })
  client.setQueryData(sessionKey, null)
}

/** `null`: signed out. Undefined data with an error: the hub does not answer, and nobody knows. */
export function useSession() {
  return useQuery<Session | null>({
    queryKey: sessionKey,
    queryFn: async ({ signal }) => {
      try {
        const session = await call('session', {}, { signal })
        setCsrf(session.csrf)
        setHubClock(session.now, session.demo?.speed ?? 1)
        preferLanguage(session.user.language)
        return session
      } catch (error) {
        if (isStatus(error, 401)) return null
        throw error
      }
    },
    staleTime: 60_000,
    // While the hub is silent, look again until it answers.
    refetchInterval: (query) => (query.state.status === 'error' ? 3_000 : false),
  })
}

export function useMay(): (permission: Permission) => boolean {
  const { data } = useSession()
  return (permission) => data?.permissions.includes(permission) ?? false
}
