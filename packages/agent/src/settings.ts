import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from '@holdfast/protocol'
import { AgentError } from './errors.ts'

/** What an agent is told, as text, by flags or variables. Undefined or empty is not set. */
export interface AgentTexts {
  readonly stateFolder: string
  readonly policyFile?: string | undefined
  readonly serverUrl?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly clientName?: string | undefined
  /** Separated by commas. */
  readonly monitoredPaths?: string | undefined
  /** Separated by semicolons. */
  readonly preCommands?: string | undefined
  readonly pingInterval?: string | undefined
  readonly backupInterval?: string | undefined
  readonly pageEnabled?: string | undefined
  readonly pageHost?: string | undefined
  readonly pagePort?: string | undefined
  readonly allowCommands?: string | undefined
  readonly allowRestores?: string | undefined
}

/** How an agent works. */
export interface AgentSettings {
  readonly stateFolder: string
  readonly policyFile: string | undefined
  readonly serverUrl: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  readonly clientName: string
  /** Absolute. */
  readonly paths: readonly string[]
  readonly preCommands: readonly Command[]
  readonly pingIntervalMs: number
  /** As the server's default when undefined. */
  readonly backupIntervalSeconds: number | undefined
  readonly page: { readonly isEnabled: boolean; readonly host: string; readonly port: number }
  readonly allowCommands: boolean
  readonly allowRestores: boolean
}

const PRE_COMMAND_TIMEOUT_SECONDS = 3600
const DEFAULTS = { pingInterval: '30', pageHost: '127.0.0.1', pagePort: '8080' } as const
/** Those without which a machine cannot come in by itself, by the ancestor's names. */
const MANDATORY = [
  ['serverUrl', 'SERVER_URL'],
  ['username', 'USERNAME'],
  ['password', 'PASSWORD'],
  ['monitoredPaths', 'MONITORED_PATHS'],
] as const

/** Reads an agent's settings. @throws {AgentError} `settings.invalid` */
export function readAgentSettings(texts: AgentTexts): AgentSettings {
  const { pingInterval = DEFAULTS.pingInterval, backupInterval, pageHost = DEFAULTS.pageHost, pagePort = DEFAULTS.pagePort } = texts
  return {
    stateFolder: resolve(texts.stateFolder),
    policyFile: texts.policyFile,
    serverUrl: texts.serverUrl === undefined ? undefined : serverUrlOf(texts.serverUrl),
    username: texts.username,
    password: texts.password,
    clientName: clientNameOf(texts.clientName),
    paths: pathsOf(texts.monitoredPaths ?? '', /,/),
    preCommands: partsOf(texts.preCommands ?? '', /;/).map((line) => ({ line, timeoutSeconds: PRE_COMMAND_TIMEOUT_SECONDS })),
    pingIntervalMs: numberOf('PING_INTERVAL', pingInterval, { least: 1, most: 86_400 }) * 1000,
    backupIntervalSeconds:
      backupInterval === undefined ? undefined : numberOf('BACKUP_INTERVAL', backupInterval, { least: 60, most: 31_536_000 }),
    page: {
      isEnabled: booleanOf('CLIENT_UI_ENABLED', texts.pageEnabled, true),
      host: pageHost,
      port: numberOf('the port of the page', pagePort, { least: 0, most: 65_535 }),
    },
    allowCommands: booleanOf('HOLDFAST_ALLOW_COMMANDS', texts.allowCommands, false),
    allowRestores: booleanOf('HOLDFAST_ALLOW_RESTORES', texts.allowRestores, false),
  }
}

/** The mandatory variables that are not set, for a machine that nobody has enrolled. */
export function missingSettings(settings: AgentSettings): readonly string[] {
  const given = { ...settings, monitoredPaths: settings.paths.length === 0 ? undefined : 'given' }
  return MANDATORY.filter(([name]) => given[name] === undefined).map(([, variable]) => variable)
}

/** The address of a server as it is kept. @throws {AgentError} `settings.invalid` for anything but a URL of HTTP or HTTPS. */
export function serverUrlOf(text: string): string {
  const url = URL.parse(text.trim())
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new AgentError(
      'settings.invalid',
      `Cannot use the server's address ${JSON.stringify(text)}: it is no URL such as https://backup.example.org`,
    )
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}

/** Folders as they are kept: absolute, each once. @throws {AgentError} `settings.invalid` */
export function pathsOf(text: string, separator: RegExp): readonly string[] {
  const paths = partsOf(text, separator).map((path) => resolve(path))
  const tooLong = paths.find((path) => path.length > 4096)
  if (tooLong !== undefined || paths.length > 1000) {
    throw new AgentError('settings.invalid', 'Cannot use the folders: there are more than 1000, or one has more than 4096 characters')
  }
  return [...new Set(paths)]
}

/** The name of a client; that of this machine when none is given. @throws {AgentError} `settings.invalid` */
export function clientNameOf(text: string | undefined): string {
  const name = text?.trim() ?? ''
  if (name.length > 200) throw new AgentError('settings.invalid', 'Cannot use the name of the client: it has more than 200 characters')
  return name === '' ? hostname() || 'client' : name
}

function partsOf(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function numberOf(name: string, text: string, { least, most }: { readonly least: number; readonly most: number }): number {
  const value = Number(text)
  if (/^\d{1,9}$/.test(text) && value >= least && value <= most) return value
  throw new AgentError('settings.invalid', `Cannot use ${name}: ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`)
}

function booleanOf(name: string, text: string | undefined, fallback: boolean): boolean {
  if (text === undefined) return fallback
  if (/^(true|1|yes|on)$/i.test(text)) return true
  if (/^(false|0|no|off)$/i.test(text)) return false
  throw new AgentError('settings.invalid', `Cannot use ${name}: ${JSON.stringify(text)} is neither true nor false`)
}
