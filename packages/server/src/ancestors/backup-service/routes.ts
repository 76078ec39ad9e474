import multipart from '@fastify/multipart'
import { byteStringOf } from '@holdfast/engine'
import { type LogLevel, logLevelSchema, newUserSchema } from '@holdfast/protocol'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { isServerError, notFound, ServerError } from '../../errors.ts'
import { originOf } from '../../features/audit/audit.ts'
import { dispositionOf } from '../../features/snapshots/file-headers.ts'
import { ADMIN, PUBLIC } from '../../http/access.ts'
import { userOf } from '../../http/actor.ts'
import type { App } from '../../http/app-type.ts'
import { statusOf } from '../../http/problem.ts'
import type { BackupService, ServiceClient } from './backup-service.ts'
import { isStorablePath } from './batch-upload.ts'
import { readBySchema } from './read-by-schema.ts'
import type { StoredFile } from './store.ts'
import { formNumber, serviceRetention, serviceTime } from './tasks.ts'
import { readUploadForm } from './upload-form.ts'

const TAGS = ['backup service']
const TOKEN = { kind: 'own', how: 'the token of a client in the path' } as const
const EITHER = { kind: 'own', how: 'the token of a client in the path, or a session of an administrator beside the number of one' } as const
/** Of one file; the disk is full before that, as a rule. */
const FILE_BYTES_MAX = 1024 ** 4
const FIELDS_MAX = 20
const FIELD_BYTES_MAX = 64 * 1024
const LISTING_BYTES_MAX = 64 * 1024 * 1024
const LISTED_ENTRIES_MAX = 1_000_000
/** Longer than any system's. */
const LISTED_PATH_MAX = 32_768

const TEXT_MAX = 20_000

const text = z.string().max(TEXT_MAX)
/** What is only read by people: nothing is refused because it is long. */
const note = z.string().transform((words) => words.slice(0, TEXT_MAX))
/** Numbers and truths as JSON has them, or as texts. */
const number = z.preprocess((value) => (typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value), z.int())
const truth = z.preprocess((value) => truthOf(value) ?? value, z.boolean())
const loginForm = z.object({ username: text, password: text })
const registerUserBody = z.object({
  username: z.string().trim().min(3).max(50),
  password: z.string().min(6),
  is_admin: truth.default(false),
  retention_days: number.nullable().default(null),
  retention_versions: number.nullable().default(null),
})
const registerClientBody = z.object({
  name: z.string().trim().max(200),
  owner_id: number.pipe(z.int().min(0).max(2_147_483_647)).nullish(),
})
const listedEntry = z.object({ path: z.string().default(''), is_dir: z.unknown().optional() })
const taskForm = z.object({
  path: z.string().min(1).max(4096),
  frequency_minutes: text,
  pre_commands: text.default(''),
  retention_days: text.optional(),
  retention_versions: text.optional(),
  compress: text.optional(),
})
const statusForm = z.object({ run_id: text, status: z.enum(['SUCCESS', 'FAILED']), message: note.default('') })
const logForm = z.object({ level: text, message: note })

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, for routes that a client's token alone opens. */
    serviceClient: ServiceClient | null
  }
}

/** The endpoints of the Backup Service, for clients that know no others: same paths, same forms, same errors. */
export function backupServiceRoutes(app: App, service: BackupService): void {
  void app.register((plugin, _options, done) => {
    const scope = plugin as unknown as App
    void scope.register(multipart, { limits: { fileSize: FILE_BYTES_MAX, files: 1, fields: FIELDS_MAX, fieldSize: FIELD_BYTES_MAX } })
    scope.decorateRequest('serviceClient', null)
    scope.addHook('onRequest', async (request) => {
      if (request.routeOptions.config.access === TOKEN) request.serviceClient = await clientOfToken(service, request)
    })
    scope.setErrorHandler((error: FastifyError, request, reply) => sendDetail(reply, request, error))
    accountRoutes(scope, service)
    clientRoutes(scope, service)
    fileRoutes(scope, service)
    taskRoutes(scope, service)
    configRoutes(scope, service)
    done()
  })
}

function accountRoutes(app: App, service: BackupService): void {
  app.post('/api/login', { config: { access: PUBLIC }, schema: { tags: TAGS, summary: 'Sign in by a form' } }, async (request, reply) => {
    const login = readBySchema(loginForm, request.body)
    const token = await service.login(login, { address: request.ip, userAgent: request.headers['user-agent'] ?? '' })
    return reply.send({ access_token: token, token_type: 'bearer' })
  })
  app.post('/api/register_user', { config: { access: ADMIN }, schema: { tags: TAGS, summary: 'Add a user' } }, async (request) => {
    const { username, password, is_admin, retention_days, retention_versions } = readBySchema(registerUserBody, request.body)
    const retention = serviceRetention({ days: retention_days, versions: retention_versions })
    const role = is_admin ? 'admin' : 'operator'
    const user = readBySchema(newUserSchema, { username, password, role, retention })
    const { id } = await service.addUser(user, originOf(request))
    return { id, username, is_admin, retention_days, retention_versions }
  })
}

function clientRoutes(app: App, service: BackupService): void {
  app.post(
    '/api/clients/register',
    { config: { access: ADMIN }, schema: { tags: TAGS, summary: 'Add a client, or give one a new token' } },
    async (request) => {
      const { name, owner_id } = readBySchema(registerClientBody, request.body)
      const origin = originOf(request)
      // A program that is told no name registers without one.
      const known = name === '' ? `client at ${origin.address}` : name
      // There is no user 0: it was taken for none.
      return service.registerClient({ name: known, ownerId: owner_id || userOf(request).userId }, origin)
    },
  )
  app.post(
    '/api/clients/:token/ping',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'Say that the client is there' } },
    async (request) => {
      await service.heard(clientOf(request))
      return { status: 'pong' }
    },
  )
  app.post(
    '/api/clients/:token/log',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'Add a line to the log' } },
    async (request) => {
      const { level, message } = readBySchema(logForm, request.body)
      await service.log(clientOf(request), { level: levelOf(level), message })
      return { status: 'logged' }
    },
  )
}

function fileRoutes(app: App, service: BackupService): void {
  app.post(
    '/api/clients/:token/backup',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'Upload a file' } },
    async (request) => {
      const client = clientOf(request)
      return toBackup(await receive(service, client, request))
    },
  )
  app.get(
    '/api/clients/:token/backups',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'Files and their versions' } },
    async (request) => (await service.files(clientOf(request))).map(toBackup),
  )
  app.get(
    '/api/clients/:token/download/:backupId',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'The content of a version' } },
    async (request, reply) => {
      const { file, content } = await service.content(clientOf(request), numberOf(request, 'backupId'))
      const name = byteStringOf(file.path.split(/[\\/]/).at(-1) ?? '')
      return reply
        .type('application/octet-stream')
        .header('content-length', file.size_bytes)
        .header('content-disposition', dispositionOf('attachment', name))
        .send(content)
    },
  )
  app.post(
    '/api/clients/:token/files',
    { config: { access: TOKEN }, bodyLimit: LISTING_BYTES_MAX, schema: { tags: TAGS, summary: 'Replace the listing' } },
    async (request) => {
      const kept = listingOf(request.body).filter(({ path }) => path !== '' && path.length <= LISTED_PATH_MAX)
      await service.replaceListing(clientOf(request), kept)
      return { status: 'updated' }
    },
  )
  app.get(
    '/api/clients/:token/files',
    { config: { access: EITHER }, schema: { tags: TAGS, summary: 'The listing, for administrators' } },
    async (request) => service.listing(await service.administered(request, numberOf(request, 'token'))),
  )
}

function taskRoutes(app: App, service: BackupService): void {
  app.post(
    '/api/clients/:token/tasks',
    { config: { access: ADMIN }, schema: { tags: TAGS, summary: 'Add a task' } },
    async (request, reply) => {
      const form = readBySchema(taskForm, request.body)
      const frequencyMinutes = formNumber('frequency_minutes', form.frequency_minutes) ?? 0
      if (frequencyMinutes <= 0) throw new ServerError('request.invalid', 'frequency_minutes must be greater than 0')
      const client = await service.administered(request, numberOf(request, 'token'))
      const task = {
        path: form.path,
        frequencyMinutes,
        preCommands: linesOf(form.pre_commands),
        retentionDays: formNumber('retention_days', form.retention_days),
        retentionVersions: formNumber('retention_versions', form.retention_versions),
        compress: truthOf(form.compress ?? '') ?? false,
      }
      await service.tasks.add(client.id, task, originOf(request))
      return reply.redirect(`/clients/${client.id}`, 303)
    },
  )
  app.get('/api/clients/:token/tasks', { config: { access: EITHER }, schema: { tags: TAGS, summary: 'Tasks' } }, async (request) => {
    const { token } = request.params as { readonly token: string }
    const client = /^\d+$/.test(token)
      ? await service.administered(request, numberOf(request, 'token'))
      : await clientOfToken(service, request)
    return service.tasks.list(await service.ownerOf(client), client.id)
  })
  app.post(
    '/api/clients/:token/tasks/:taskId/run',
    { config: { access: ADMIN }, schema: { tags: TAGS, summary: 'Ask for a run of a task' } },
    async (request) => {
      const client = await service.administered(request, numberOf(request, 'token'))
      const key = { clientId: client.id, taskId: numberOf(request, 'taskId') }
      return { status: 'scheduled', run_id: await service.tasks.run(await service.ownerOf(client), key, originOf(request)) }
    },
  )
  app.post(
    '/api/clients/:token/tasks/:taskId/status',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'Say how a task ended' } },
    async (request) => {
      const { run_id, status, message } = readBySchema(statusForm, request.body)
      const client = clientOf(request)
      const key = { clientId: client.id, taskId: numberOf(request, 'taskId') }
      const end = { runId: formNumber('run_id', run_id) ?? 0, isGood: status === 'SUCCESS', message }
      return { status: 'recorded', run_id: await service.tasks.record(await service.ownerOf(client), key, end) }
    },
  )
}

function configRoutes(app: App, service: BackupService): void {
  app.get(
    '/api/clients/:token/config',
    { config: { access: TOKEN }, schema: { tags: TAGS, summary: 'Commands before backups' } },
    async (request) => ({
      pre_commands: service.preCommands(clientOf(request)),
    }),
  )
  app.post(
    '/api/clients/:token/config',
    { config: { access: ADMIN }, schema: { tags: TAGS, summary: 'Set the commands before backups' } },
    async (request, reply) => {
      const { pre_commands } = readBySchema(z.object({ pre_commands: text.default('') }), request.body)
      const client = await service.administered(request, numberOf(request, 'token'))
      await service.setPreCommands(client, linesOf(pre_commands), originOf(request))
      return reply.redirect(`/clients/${client.id}`, 303)
    },
  )
}

async function receive(service: BackupService, client: ServiceClient, request: FastifyRequest): Promise<StoredFile> {
  const roomBytes = await service.roomFor(client)
  const { fields, spooled } = await readUploadForm(request, { spool: service.spool, roomBytes })
  if (spooled === undefined) throw new ServerError('request.invalid', 'file is missing')
  try {
    const { path } = fields
    if (path === undefined || path === '' || path.length > 4096 || path.includes('\0'))
      throw new ServerError('request.invalid', 'path is missing')
    if (!isStorablePath(path)) throw new ServerError('request.invalid', 'path has too many folders')
    const retention = {
      days: formNumber('retention_days', fields.retention_days),
      versions: formNumber('retention_versions', fields.retention_versions),
    }
    return await service.addFile(client, { path, spooled, retention })
  } catch (error) {
    await service.spool.remove(spooled.path)
    throw error
  }
}

/** The client whose token is in the path. For routes that nobody else is let through to. */
function clientOf({ serviceClient }: FastifyRequest): ServiceClient {
  if (serviceClient === null) throw new ServerError('not-found', 'Client not found')
  return serviceClient
}

async function clientOfToken(service: BackupService, request: FastifyRequest): Promise<ServiceClient> {
  return service.clientOf((request.params as { readonly token: string }).token, request.ip)
}

/** One after the other, and no further than the first that is wrong: all that is wrong may be more than memory holds. */
function listingOf(body: unknown): { readonly path: string; readonly is_dir: boolean }[] {
  if (!Array.isArray(body)) throw new ServerError('request.invalid', 'body: must be a list')
  if (body.length > LISTED_ENTRIES_MAX) throw new ServerError('request.invalid', `body: has more than ${LISTED_ENTRIES_MAX} entries`)
  return body.map((entry) => {
    const { path, is_dir } = readBySchema(listedEntry, entry)
    return { path, is_dir: Boolean(is_dir) }
  })
}

function numberOf(request: FastifyRequest, name: string): number {
  const value = (request.params as Readonly<Record<string, string>>)[name] ?? ''
  if (/^\d{1,9}$/.test(value)) return Number(value)
  throw notFound(value.slice(0, 50))
}

function linesOf(lines: string): string[] {
  return lines
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** Undefined for what is neither. */
function truthOf(word: unknown): boolean | undefined {
  if (typeof word !== 'string') return undefined
  if (/^(true|t|yes|y|on|1)$/i.test(word.trim())) return true
  return /^(false|f|no|n|off|0)$/i.test(word.trim()) ? false : undefined
}

function levelOf(level: string): LogLevel {
  const known = level.toLowerCase().replace(/^(warn|critical|fatal)$/, (word) => (word === 'warn' ? 'warning' : 'error'))
  return logLevelSchema.safeParse(known).data ?? 'info'
}

function toBackup(file: StoredFile): Readonly<Record<string, unknown>> {
  return {
    id: file.id,
    original_path: file.path,
    version_time: serviceTime(file.uploaded_at),
    size: file.size_bytes,
    file_hash: file.file_hash,
  }
}

function sendDetail(reply: FastifyReply, request: FastifyRequest, error: FastifyError): FastifyReply {
  // A name that is taken was a bad request there.
  const status = isServerError(error, 'request.conflict') ? 400 : statusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'a request failed')
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (isServerError(error) && error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds)
  const detail = status >= 500 && !isServerError(error, 'server.unavailable') ? 'Internal server error' : error.message
  return reply.status(status).serializer(JSON.stringify).type('application/json').send({ detail })
}
