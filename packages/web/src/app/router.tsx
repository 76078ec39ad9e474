import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { overviewQuery } from '../features/overview/queries.ts'
import { ApiFailure } from './api.ts'
import { later } from './clock.ts'
import { FailedPage, MissingPage, type MissingThing } from './failed-page.tsx'
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

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: textsOf,
  component: lazyRouteComponent(() => import('../features/sign-in/sign-in-page.tsx'), 'SignInPage'),
})

/** A page is drawn with what it shows when that comes at once, and without when not. */
const WAITS_FOR_DATA_MS = 250

function soon(task: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = later(WAITS_FOR_DATA_MS, resolve)
    void task.finally(() => {
      cancel()
      resolve()
    })
  })
}

/** What the server numbers by. */
const ID_MAX = 2_147_483_647

/** Lets addresses through whose numbers can be some; others name what there is none of, and the server is not asked. @throws not found */
function checkIds(params: Readonly<Record<string, string>>, what: MissingThing): void {
  const areAll = Object.values(params).every((id) => /^[1-9]\d{0,9}$/.test(id) && Number(id) <= ID_MAX)
  if (!areAll) throw notFound({ data: what })
}

const within = { getParentRoute: () => shellRoute, validateSearch: textsOf } as const

const routeTree = rootRoute.addChildren([
  signInRoute,
  shellRoute.addChildren([
    createRoute({
      ...within,
      path: '/',
      component: lazyRouteComponent(() => import('../features/overview/overview-page.tsx'), 'OverviewPage'),
      loader: ({ context }) => soon(context.queryClient.prefetchQuery(overviewQuery)),
    }),
    createRoute({
      ...within,
      path: '/welcome',
      component: lazyRouteComponent(() => import('../features/welcome/welcome-page.tsx'), 'WelcomePage'),
    }),
    createRoute({
      ...within,
      path: '/clients',
      component: lazyRouteComponent(() => import('../features/clients/clients-page.tsx'), 'ClientsPage'),
    }),
    createRoute({
      ...within,
      path: '/clients/$clientId',
      component: lazyRouteComponent(() => import('../features/clients/client-page.tsx'), 'ClientPage'),
      loader: ({ params }) => checkIds(params, 'noClient'),
    }),
    createRoute({
      ...within,
      path: '/clients/$clientId/plans/new',
      component: lazyRouteComponent(() => import('../features/plans/new-plan-page.tsx'), 'NewPlanPage'),
      loader: ({ params }) => checkIds(params, 'noClient'),
    }),
    createRoute({
      ...within,
      path: '/plans',
      component: lazyRouteComponent(() => import('../features/plans/plans-page.tsx'), 'PlansPage'),
    }),
    createRoute({
      ...within,
      path: '/plans/$planId',
      component: lazyRouteComponent(() => import('../features/plans/plan-page.tsx'), 'PlanPage'),
      loader: ({ params }) => checkIds(params, 'noPlan'),
    }),
    createRoute({ ...within, path: '/runs', component: lazyRouteComponent(() => import('../features/runs/runs-page.tsx'), 'RunsPage') }),
    createRoute({
      ...within,
      path: '/runs/$runId',
      component: lazyRouteComponent(() => import('../features/runs/run-page.tsx'), 'RunPage'),
      loader: ({ params }) => checkIds(params, 'noRun'),
    }),
    createRoute({
      ...within,
      path: '/snapshots',
      component: lazyRouteComponent(() => import('../features/snapshots/snapshots-page.tsx'), 'SnapshotsPage'),
    }),
    createRoute({
      ...within,
      path: '/snapshots/$snapshotId',
      component: lazyRouteComponent(() => import('../features/snapshots/snapshot-page.tsx'), 'SnapshotPage'),
      loader: ({ params }) => checkIds(params, 'noSnapshot'),
    }),
    createRoute({
      ...within,
      path: '/snapshots/$snapshotId/diff/$otherId',
      component: lazyRouteComponent(() => import('../features/snapshots/diff-page.tsx'), 'DiffPage'),
      loader: ({ params }) => checkIds(params, 'noSnapshot'),
    }),
    createRoute({
      ...within,
      path: '/search',
      component: lazyRouteComponent(() => import('../features/snapshots/search-page.tsx'), 'SearchPage'),
    }),
    createRoute({
      ...within,
      path: '/files/versions',
      component: lazyRouteComponent(() => import('../features/snapshots/versions-page.tsx'), 'VersionsPage'),
    }),
    createRoute({
      ...within,
      path: '/repositories',
      component: lazyRouteComponent(() => import('../features/repositories/repositories-page.tsx'), 'RepositoriesPage'),
    }),
    createRoute({
      ...within,
      path: '/repositories/new',
      component: lazyRouteComponent(() => import('../features/repositories/new-repository-page.tsx'), 'NewRepositoryPage'),
    }),
    createRoute({
      ...within,
      path: '/repositories/$repositoryId',
      component: lazyRouteComponent(() => import('../features/repositories/repository-page.tsx'), 'RepositoryPage'),
      loader: ({ params }) => checkIds(params, 'noRepository'),
    }),
    createRoute({
      ...within,
      path: '/administration/users',
      component: lazyRouteComponent(() => import('../features/administration/users-page.tsx'), 'UsersPage'),
    }),
    createRoute({
      ...within,
      path: '/administration/notifications',
      component: lazyRouteComponent(() => import('../features/administration/notifications-page.tsx'), 'NotificationsPage'),
    }),
    createRoute({
      ...within,
      path: '/administration/audit',
      component: lazyRouteComponent(() => import('../features/administration/audit-page.tsx'), 'AuditPage'),
    }),
    createRoute({
      ...within,
      path: '/administration/settings',
      component: lazyRouteComponent(() => import('../features/administration/settings-page.tsx'), 'SettingsPage'),
    }),
    createRoute({
      ...within,
      path: '/administration/about',
      component: lazyRouteComponent(() => import('../features/about/about-page.tsx'), 'AboutPage'),
    }),
    createRoute({
      ...within,
      path: '/account',
      component: lazyRouteComponent(() => import('../features/account/account-page.tsx'), 'AccountPage'),
    }),
    createRoute({ ...within, path: '$', component: MissingPage }),
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
