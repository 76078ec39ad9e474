import '@mantine/core/styles.css'
import './app/global.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { LanguageProvider } from './app/language.tsx'
import { queryClient } from './app/query-client.ts'
import { createRoot } from './app/react.ts'
import { router } from './app/router.tsx'
import { meQuery } from './app/session.tsx'
import { cssVariables, theme } from './app/theme.ts'

const root = document.getElementById('root')
if (root === null) throw new Error('Cannot show the pages: index.html has no place for them')
const pages = createRoot(root)

// Not while this file is still being read: a debugger notes for each request from where it was made, and V8 would read all of it again.
queueMicrotask(() => {
  // The page's own code comes while it is being found out who is there.
  for (const { routeId } of router.matchRoutes(router.latestLocation)) {
    const route = router.routesById[routeId]
    if (route !== undefined) void router.loadRouteChunk(route)
  }
  if (router.latestLocation.pathname !== '/sign-in') void queryClient.prefetchQuery(meQuery)
  // Not before the first page can be drawn whole: React holds a page back for 300 ms after it has drawn something in its stead.
  void router.load().finally(() =>
    pages.render(
      <StrictMode>
        <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
          <LanguageProvider>
            <QueryClientProvider client={queryClient}>
              <RouterProvider router={router} />
            </QueryClientProvider>
          </LanguageProvider>
        </MantineProvider>
      </StrictMode>,
    ),
  )
})
