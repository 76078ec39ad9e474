import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { AnyAuthMethod, Client, ConnectConfig } from 'ssh2'
import { EngineError } from '../../errors.ts'
import { fingerprintOf, judgeHostKey, type KnownHost, keyTypeOf, knownHostName, knownKeyTypes, parseKnownHosts } from './known-hosts.ts'
import { connectFailure } from './sftp-failure.ts'
import type { SftpLocation } from './sftp-location.ts'
import { sshHostConfig } from './ssh-config.ts'

export interface SftpOptions {
  /** The folder that has the user's `config`, `known_hosts` and `id_*`: `~/.ssh`. Without it only what is given here counts. */
  readonly sshFolder?: string | undefined
  /** Used when neither the location nor the SSH configuration names a user. Default: the current user. */
  readonly username?: string | undefined
  /** Private keys (the text of the files), tried before those of the agent and of `sshFolder`. */
  readonly privateKeys?: readonly string[] | undefined
  /** Opens private keys that are encrypted. */
  readonly passphrase?: string | undefined
  /** Path of the agent's socket, which `SSH_AUTH_SOCK` names. */
  readonly agentSocket?: string | undefined
  readonly password?: string | undefined
  /** More lines of known hosts. */
  readonly knownHosts?: string | undefined
  /** Time for connection, keys and login. Default 30 s. */
  readonly connectTimeoutMs?: number | undefined
  /** How long the server may be silent while it owes an answer. Default 5 minutes. */
  readonly stallTimeoutMs?: number | undefined
}

/** The library, loaded when a connection is opened. */
export type Ssh2 = typeof import('ssh2')

const SYSTEM_KNOWN_HOSTS = '/etc/ssh/ssh_known_hosts'
const IDENTITY_FILES: readonly string[] = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/** All signature algorithms of a type of key, best first. */
const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

const HOST_KEY_ALGORITHMS: readonly string[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** How often a silent connection is asked for a sign of life, and how many of these may go unanswered. */
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 6 } as const

/**
 * Connects and logs in. The server's key must be known: an unknown, changed or revoked one rejects with `storage.host-key`, and the message
 * has its fingerprint and what to run. Rejects with `storage.denied` when no key or password is accepted.
 */
export async function connectSsh(ssh2: Ssh2, location: SftpLocation, options: SftpOptions): Promise<Client> {
  const host = await resolveHost(location, options)
  const known = await readKnownHosts(options)
  const methods = await authenticationMethods(ssh2, host, options)
  const client = new ssh2.Client()
  let refusal: EngineError | undefined
  const config: ConnectConfig = {
    host: host.name,
    port: host.port,
    username: host.user,
    readyTimeout: options.connectTimeoutMs ?? 30_000,
    ...KEEPALIVE,
    algorithms: { serverHostKey: hostKeyAlgorithms(knownKeyTypes(known, host.name, host.port)) as never },
    hostVerifier: (key: Buffer) => {
      refusal = hostKeyRefusal(known, { host: host.name, port: host.port, key }, options)
      return refusal === undefined
    },
    authHandler: (_left: unknown, _partial: unknown, next: (method: never) => void) => next((methods.list.shift() ?? false) as never),
  }
  const target = `${host.user}@${knownHostName(host.name, host.port)}`
  return new Promise((resolve, reject) => {
    client.once('ready', () => {
      // Requests are small, and each would wait for the answer to the last.
      client.setNoDelay(true)
      resolve(client)
    })
    // Kept for the whole life of the client: an error that nobody listens for would end the process.
    client.on('error', (error) => {
      // An agent that does not answer is not the end: the next method is tried.
      if ('level' in error && error.level === 'agent') return
      client.end()
      reject(refusal ?? connectFailure(error, { target, hint: methods.hint }))
    })
    client.once('close', () => reject(refusal ?? connectFailure(new Error('the connection was closed'), { target, hint: '' })))
    client.connect(config)
  })
}

interface ResolvedHost {
  readonly name: string
  readonly port: number
  readonly user: string
  readonly identityFiles: readonly string[]
}

async function resolveHost(location: SftpLocation, options: SftpOptions): Promise<ResolvedHost> {
  const text = options.sshFolder === undefined ? '' : await readIfThere(join(options.sshFolder, 'config'))
  const config = sshHostConfig(text, location.host)
  return {
    name: config.hostName ?? location.host,
    port: location.port ?? config.port ?? 22,
    user: location.user ?? config.user ?? options.username ?? userInfo().username,
    identityFiles: config.identityFiles,
  }
}

async function readKnownHosts(options: SftpOptions): Promise<readonly KnownHost[]> {
  const files = options.sshFolder === undefined ? [] : [join(options.sshFolder, 'known_hosts'), SYSTEM_KNOWN_HOSTS]
  const texts = await Promise.all(files.map(readIfThere))
  return parseKnownHosts([options.knownHosts ?? '', ...texts].join('\n'))
}

/** Types that are known come first, so that a server with several keys shows one that can be checked. */
function hostKeyAlgorithms(knownTypes: readonly string[]): readonly string[] {
  const preferred = knownTypes.flatMap((type) => SIGNATURES[type] ?? [type]).filter((name) => HOST_KEY_ALGORITHMS.includes(name))
  return [...new Set([...preferred, ...HOST_KEY_ALGORITHMS])]
}

function hostKeyRefusal(
  known: readonly KnownHost[],
  shown: { readonly host: string; readonly port: number; readonly key: Buffer },
  options: SftpOptions,
): EngineError | undefined {
  const verdict = judgeHostKey(known, shown)
  if (verdict === 'known') return undefined
  const name = knownHostName(shown.host, shown.port)
  const file = options.sshFolder === undefined ? '~/.ssh/known_hosts' : join(options.sshFolder, 'known_hosts')
  const key = `its ${keyTypeOf(shown.key)} key ${fingerprintOf(shown.key)}`
  const scan = `ssh-keyscan -p ${shown.port} ${shown.host} >>${file}`
  const forget = `ssh-keygen -f ${file} -R '${name}'`
  const states = {
    unknown: `${key} is unknown; compare it with the server's, then run: ${scan}`,
    changed: `${key} differs from the known one, so this may be another machine; if the server has a new key, run: ${forget} && ${scan}`,
    revoked: `${key} was revoked`,
  } as const
  return new EngineError('storage.host-key', `Cannot trust ${name}: ${states[verdict]}`, {
    context: { fingerprint: fingerprintOf(shown.key) },
  })
}

async function authenticationMethods(
  ssh2: Ssh2,
  host: ResolvedHost,
  options: SftpOptions,
): Promise<{ readonly list: AnyAuthMethod[]; readonly hint: string }> {
  const username = host.user
  const list: AnyAuthMethod[] = []
  const problems: string[] = []
  const addKey = (text: string, origin: string): void => {
    const key = ssh2.utils.parseKey(text, options.passphrase)
    if (key instanceof Error) problems.push(`${origin}: ${key.message}`)
    else
      list.push({ type: 'publickey', username, key: text, ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }) })
  }
  for (const text of options.privateKeys ?? []) addKey(text, 'the given key')
  if (options.agentSocket !== undefined) list.push({ type: 'agent', username, agent: options.agentSocket })
  for (const file of identityFilesOf(host, options)) {
    const text = await readIfThere(file)
    if (text !== '') addKey(text, file)
  }
  if (options.password !== undefined) list.push({ type: 'password', username, password: options.password })
  const tried = list.length === 0 ? ', and there is neither a key nor an agent nor a password to show' : ''
  return { list, hint: tried + problems.map((problem) => `; ${problem}`).join('') }
}

function identityFilesOf(host: ResolvedHost, options: SftpOptions): readonly string[] {
  const { sshFolder } = options
  if (sshFolder === undefined) return []
  if (host.identityFiles.length === 0) return IDENTITY_FILES.map((name) => join(sshFolder, name))
  const home = join(sshFolder, '..')
  return host.identityFiles.map((file) =>
    file
      .replace(/^(?:~|%d)(?=\/)/, home)
      .replaceAll('%h', host.name)
      .replaceAll('%r', host.user),
  )
}

async function readIfThere(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
