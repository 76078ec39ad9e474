import { type DestinationStream, type Logger, pino } from 'pino'
import type { Settings } from './config/settings.ts'
import { ServerError } from './errors.ts'

const SECRETS = ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]', '*.password', '*.token']
/** Tokens as paths of the Backup Service's endpoints have them. */
const TOKEN = /\bhf[a-z]_[\w-]{20,}/g

/**
 * Structured lines on standard output. Headers that hold secrets are never written, nor are tokens in addresses; bodies are not written at
 * all.
 * @throws {ServerError} `settings.invalid` for a level that there is not
 */
export function makeLogger({ logLevel }: Pick<Settings, 'logLevel'>, destination?: DestinationStream): Logger {
  if (!['debug', 'info', 'warn', 'error', 'silent'].includes(logLevel)) {
    throw new ServerError(
      'settings.invalid',
      `Cannot use the log level ${JSON.stringify(logLevel)}: it is none of debug, info, warn, error, silent`,
    )
  }
  const redact = { paths: [...SECRETS, 'req.url'], censor }
  return destination === undefined ? pino({ level: logLevel, redact }) : pino({ level: logLevel, redact }, destination)
}

function censor(value: unknown, path: readonly string[]): unknown {
  return path.join('.') === 'req.url' && typeof value === 'string' ? value.replaceAll(TOKEN, '[Redacted]') : '[Redacted]'
}
