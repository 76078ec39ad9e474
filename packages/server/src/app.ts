import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import { secureRandom } from '@holdfast/engine'
import fastify, { type FastifyBaseLogger, type FastifyServerOptions, type RouteOptions } from 'fastify'
import { serializerCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { backupServiceRoutes } from './ancestors/backup-service/routes.ts'
import type { Foundations, Services } from './composition.ts'
import { aboutRoutes } from './features/about/routes.ts'
import { accountRoutes } from './features/accounts/routes.ts'
import { auditRoutes } from './features/audit/routes.ts'
import { agentLinkRoutes } from './features/clients/agent-routes.ts'
import { clientRoutes } from './features/clients/routes.ts'
import { maintenanceRoutes, retentionRoutes } from './features/maintenance/routes.ts'
import { metricsRoutes } from './features/metrics/routes.ts'
import { notificationRoutes } from './features/notifications/routes.ts'
import { overviewRoutes } from './features/overview/routes.ts'
import { ensureFirstPlan } from './features/plans/first-plan.ts'
import { planRoutes } from './features/plans/routes.ts'
import { agentQuestionRoutes, questionRoutes } from './features/questions/routes.ts'
import { repositoryRoutes } from './features/repositories/routes.ts'
import { resticAccessRoutes } from './features/restic-access/routes.ts'
import { restoreRoutes } from './features/restores/routes.ts'
import { agentRunRoutes } from './features/runs/agent-routes.ts'
import { runRoutes } from './features/runs/routes.ts'
import { searchRoutes } from './features/search/routes.ts'
import { settingRoutes } from './features/settings/routes.ts'
import { setupRoutes } from './features/setup/routes.ts'
import { contentRoutes } from './features/snapshots/content-routes.ts'
import { snapshotFileRoutes, snapshotRoutes } from './features/snapshots/routes.ts'
import { sourceRoutes } from './features/sources/routes.ts'
import { authorizeUpload } from './features/uploads/authorize.ts'
import { handToWriter } from './features/uploads/hand-to-writer.ts'
import { uploadRoutes } from './features/uploads/routes.ts'
import type { Actor } from './http/actor.ts'
import type { App } from './http/app-type.ts'
import { registerDocumentation } from './http/documentation.ts'
import { registerForwarding } from './http/forward.ts'
import { registerGuard } from './http/guard.ts'
import { registerHeadAnswers } from './http/head-answers.ts'
import { answerFailure, registerProblems } from './http/problem.ts'
import { registerSecurityHeaders } from './http/security-headers.ts'
import { bodyStrictCompiler } from './http/strict-body.ts'
import { webPages } from './http/web-pages.ts'
import { restRoutes } from './rest-endpoint/rest-routes.ts'
import { kindOfToken } from './secrets/tokens.ts'
import { serverVersion } from './server-version.ts'

/** The largest body of a request whose route does not say otherwise. */
const BODY_BYTES_MAX = 1024 * 1024

export interface AppOptions {
  readonly foundations: Foundations
  readonly services: Services
  /** Where log lines go; nowhere when it is not given. */
  readonly logger?: FastifyBaseLogger
  /** Certificate chain and key in PEM, for HTTPS. */
  readonly https?: { readonly cert: Buffer; readonly key: Buffer }
  /** Told of every route that there is. */
  readonly onRoute?: (route: RouteOptions) => void
}

/** The HTTP server with all its routes; it does not listen yet. */
export async function buildApp({ foundations, services, logger, https, onRoute }: AppOptions): Promise<App> {
  const { trustedProxies } = foundations.settings
  const app = fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    genReqId: () => secureRandom(8).toString('hex'),
    routerOptions: { maxParamLength: 4096 },
    forceCloseConnections: 'idle',
    // For requests that come to no route.
    frameworkErrors: (error, request, reply) => void answerFailure(error, request, reply),
    ...(https === undefined ? {} : { https: { ...https } }),
  } as FastifyServerOptions).withTypeProvider<ZodTypeProvider>() as unknown as App
  app.setValidatorCompiler(bodyStrictCompiler)
  app.setSerializerCompiler(serializerCompiler)
  registerProblems(app)
  await app.register(cookie)
  await app.register(formbody)
  await registerSecurityHeaders(app, { isHttps: https !== undefined })
  registerHeadAnswers(app)
  if (onRoute !== undefined) app.addHook('onRoute', onRoute)
  // Before the guard, which wants to know of each route who may call it: the plugins' own routes do not say so.
  await registerDocumentation(app, { version: serverVersion() })
  registerForwarding(app, services.forwarder)
  registerGuard(app, {
    session: (token) => services.sessions.actorOf(token),
    bearer: (token, address) => authenticateBearer(token, { services, address }),
  })
  registerRoutes(app, { foundations, services })
  await webPages(app, foundations.settings)
  return app
}

function registerRoutes(app: App, { foundations, services }: Pick<AppOptions, 'foundations' | 'services'>): void {
  accountRoutes(app, { ...services, publicUrl: foundations.settings.publicUrl })
  auditRoutes(app, services)
  overviewRoutes(app, services)
  aboutRoutes(app, services)
  planRoutes(app, services)
  runRoutes(app, services)
  notificationRoutes(app, services)
  metricsRoutes(app, services)
  settingRoutes(app, foundations)
  clientRoutes(app, services)
  questionRoutes(app, services)
  repositoryRoutes(app, services)
  maintenanceRoutes(app, services)
  retentionRoutes(app, services)
  sourceRoutes(app)
  setupRoutes(app, services)
  snapshotRoutes(app, { ...services, handToWriter: (repositoryId, exchange) => handToWriter(services, repositoryId, exchange) })
  snapshotFileRoutes(app, services)
  contentRoutes(app, services)
  searchRoutes(app, services)
  restoreRoutes(app, { ...services, clock: foundations.clock })
  backupServiceRoutes(app, services.backupService)
  resticAccessRoutes(app, services)
  restRoutes(app, services.restEndpoint)
  registerAgentRoutes(app, { foundations, services })
}

function registerAgentRoutes(app: App, { foundations, services }: Pick<AppOptions, 'foundations' | 'services'>): void {
  const { agentRuns } = services
  agentLinkRoutes(app, {
    ...services,
    clock: foundations.clock,
    hasWork: (clientId) => agentRuns.hasWork(clientId),
    isAtWork: (clientId) => agentRuns.isAtWork(clientId),
    ensurePlan: (clientId, request) => ensureFirstPlan(services, { clientId, ...request }),
  })
  agentRunRoutes(app, services)
  agentQuestionRoutes(app, services)
  uploadRoutes(app, { ...services, authorize: (agent, request) => authorizeUpload(services, agent, request) })
}

async function authenticateBearer(
  token: string,
  { services, address }: { readonly services: Services; readonly address: string },
): Promise<Actor | undefined> {
  const { apiTokens, sessions, agentTokens } = services
  switch (kindOfToken(token)) {
    case 'api':
      return apiTokens.actorOf(token)
    case 'session':
      return sessions.actorOf(token)
    case 'agent':
      return agentTokens.actorOf(token, address)
    default:
      return undefined
  }
}
