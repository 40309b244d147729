import './styles/index.ts'
import { MantineProvider } from '@mantine/core'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ApiProblem } from './api.ts'
import { startTexts } from './i18n.ts'
import { isStatus } from './queries.ts'
import { makeRouter } from './router.tsx'
import { signedOut } from './session.ts'

startTexts()

const onError = (error: unknown): void => {
  // Only the hub's own 401 signs out; silence never does.
  if (isStatus(error, 401)) signedOut(client)
}

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      // A hub on this machine is reachable without a network.
      networkMode: 'always',
      retry: (failures, error) => !(error instanceof ApiProblem) && failures < 1,
      retryDelay: 800,
      staleTime: 1_000,
    },
    mutations: { networkMode: 'always' },
  },
})

const router = makeRouter()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider
      defaultColorScheme="light"
      // Our own variables stand in a style sheet: nothing needs to be written into the page at run time.
      withCssVariables={false}
      withGlobalClasses={false}
      theme={{ respectReducedMotion: true }}
    >
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
