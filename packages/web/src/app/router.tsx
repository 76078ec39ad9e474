import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { ApiFailure } from './api.ts'
import { FailedPage, MissingPage } from './failed-page.tsx'
import { queryClient } from './query-client.ts'
import { meQuery } from './session.tsx'
import { Shell } from './shell.tsx'

interface RouterContext {
  readonly queryClient: QueryClient
}

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet })

/** All pages but the one to sign in: they need somebody who is. */
const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'shell',
  component: Shell,
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(meQuery)
    } catch (error) {
      if (!(error instanceof ApiFailure) || error.problem.code !== 'auth.required') throw error
      throw redirect({ to: '/sign-in', search: { returnTo: location.href } })
    }
  },
})

/** What stands behind the question mark, as texts; pages read of it what they know. */
type Search = Readonly<Record<string, string | undefined>>

function textsOf(search: Readonly<Record<string, unknown>>): Search {
  const texts = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return Object.fromEntries(texts.map(([name, value]) => [name, String(value)]))
}

const PAGES = import.meta.glob<Readonly<Record<string, () => ReactElement>>>('../features/*/*-page.tsx')

/** A page's component, fetched when it is first shown. */
function page(module: string, name: string): ReturnType<typeof lazyRouteComponent> {
  return lazyRouteComponent(async () => (await PAGES[`../features/${module}.tsx`]?.()) ?? { [name]: MissingPage }, name)
}

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: textsOf,
  component: page('sign-in/sign-in-page', 'SignInPage'),
})

const within = { getParentRoute: () => shellRoute, validateSearch: textsOf } as const

const routeTree = rootRoute.addChildren([
  signInRoute,
  shellRoute.addChildren([
    createRoute({ ...within, path: '/', component: page('overview/overview-page', 'OverviewPage') }),
    createRoute({ ...within, path: '/welcome', component: page('welcome/welcome-page', 'WelcomePage') }),
    createRoute({ ...within, path: '/clients', component: page('clients/clients-page', 'ClientsPage') }),
    createRoute({ ...within, path: '/clients/$clientId', component: page('clients/client-page', 'ClientPage') }),
    createRoute({ ...within, path: '/clients/$clientId/plans/new', component: page('plans/new-plan-page', 'NewPlanPage') }),
    createRoute({ ...within, path: '/plans', component: page('plans/plans-page', 'PlansPage') }),
    createRoute({ ...within, path: '/plans/$planId', component: page('plans/plan-page', 'PlanPage') }),
    createRoute({ ...within, path: '/runs', component: page('runs/runs-page', 'RunsPage') }),
    createRoute({ ...within, path: '/runs/$runId', component: page('runs/run-page', 'RunPage') }),
    createRoute({ ...within, path: '/snapshots', component: page('snapshots/snapshots-page', 'SnapshotsPage') }),
    createRoute({ ...within, path: '/snapshots/$snapshotId', component: page('snapshots/snapshot-page', 'SnapshotPage') }),
    createRoute({ ...within, path: '/snapshots/$snapshotId/diff/$otherId', component: page('snapshots/diff-page', 'DiffPage') }),
    createRoute({ ...within, path: '/search', component: page('snapshots/search-page', 'SearchPage') }),
    createRoute({ ...within, path: '/files/versions', component: page('snapshots/versions-page', 'VersionsPage') }),
    createRoute({ ...within, path: '/repositories', component: page('repositories/repositories-page', 'RepositoriesPage') }),
    createRoute({ ...within, path: '/repositories/new', component: page('repositories/new-repository-page', 'NewRepositoryPage') }),
    createRoute({ ...within, path: '/repositories/$repositoryId', component: page('repositories/repository-page', 'RepositoryPage') }),
    createRoute({ ...within, path: '/administration/users', component: page('administration/users-page', 'UsersPage') }),
    createRoute({
      ...within,
      path: '/administration/notifications',
      component: page('administration/notifications-page', 'NotificationsPage'),
    }),
    createRoute({ ...within, path: '/administration/audit', component: page('administration/audit-page', 'AuditPage') }),
    createRoute({ ...within, path: '/administration/settings', component: page('administration/settings-page', 'SettingsPage') }),
    createRoute({ ...within, path: '/administration/about', component: page('about/about-page', 'AboutPage') }),
    createRoute({ ...within, path: '/account', component: page('account/account-page', 'AccountPage') }),
  ]),
])

/** The pages by their paths. Each page's code is loaded when it is first shown. */
export const router = createRouter({
  routeTree,
  context: { queryClient },
  defaultPreload: 'intent',
  defaultErrorComponent: FailedPage,
  defaultNotFoundComponent: MissingPage,
  scrollRestoration: true,
  // Plain texts in the address, as people type them, and not JSON.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const parameters = new URLSearchParams(Object.entries(textsOf(search)).map(([name, value]) => [name, value ?? '']))
    return parameters.size === 0 ? '' : `?${parameters.toString()}`
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
