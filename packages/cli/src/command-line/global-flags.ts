import { parseDurationMs } from './duration.ts'
import { choice, counter, type FlagValues, parsed, parsedMany, text, texts, toggle, wholeNumber } from './flag.ts'

/** Whether and how well new data is compressed; restic's names. */
export const COMPRESSION_MODES = ['auto', 'off', 'fastest', 'better', 'max'] as const

/** The flags that every command takes, before or behind its name. */
export const GLOBAL_FLAGS = {
  repo: text('-r, --repo <repository>', 'repository to work on (default: $RESTIC_REPOSITORY)', 'folder'),
  repositoryFile: text('--repository-file <file>', 'read the location of the repository from a file', 'file'),
  passwordFile: text('-p, --password-file <file>', 'read the password from a file (default: $RESTIC_PASSWORD_FILE)', 'file'),
  passwordCommand: text('--password-command <command>', 'run a command and take its output as the password'),
  insecureNoPassword: toggle('--insecure-no-password', 'use an empty password (insecure)'),
  keyHint: text('--key-hint <key>', 'ID of the key to try first (default: $RESTIC_KEY_HINT)'),
  option: parsedMany('-o, --option <key=value>', 'set an extended option, see `options` (repeatable)', parseExtendedOption),
  json: toggle('--json', 'print messages for programs instead of people'),
  quiet: toggle('-q, --quiet', 'print errors and results only'),
  verbose: counter('-v, --verbose', 'say more; twice or --verbose=2 for still more'),
  noCache: toggle('--no-cache', 'do not use a local cache'),
  cacheDir: text('--cache-dir <folder>', 'where the cache is (default: $RESTIC_CACHE_DIR or the system’s)', 'folder'),
  cleanupCache: toggle('--cleanup-cache', 'remove caches that were not used for a month'),
  noLock: toggle('--no-lock', 'do not lock the repository, for reading from a read-only one'),
  retryLock: parsed(
    '--retry-lock <duration>',
    'wait so long for a locked repository, such as 5m or 2h (default: no wait)',
    parseDurationMs,
  ),
  limitUpload: parsed('--limit-upload <rate>', 'at most so many KiB/s to the repository', (value) => wholeNumber(value)),
  limitDownload: parsed('--limit-download <rate>', 'at most so many KiB/s from the repository', (value) => wholeNumber(value)),
  compression: choice('--compression <mode>', 'one of auto, off, fastest, better, max (default: $RESTIC_COMPRESSION)', COMPRESSION_MODES),
  packSize: parsed('--pack-size <size>', 'size of pack files in MiB (default: $RESTIC_PACK_SIZE or 16)', (value) => wholeNumber(value)),
  noExtraVerify: toggle('--no-extra-verify', 'accepted for scripts; has no effect'),
  cacert: texts('--cacert <file>', 'trust the certificates in a PEM file (repeatable; default: $RESTIC_CACERT)', 'file'),
  tlsClientCert: text('--tls-client-cert <file>', 'PEM file with a client certificate and its key', 'file'),
  insecureTls: toggle('--insecure-tls', 'do not check certificates (insecure)'),
  httpUserAgent: text('--http-user-agent <text>', 'what HTTP requests say about the program'),
  stuckRequestTimeout: parsed('--stuck-request-timeout <duration>', 'try a request again after so long (default: 5m)', parseDurationMs),
} as const

/** What the command line says about {@link GLOBAL_FLAGS}. */
export type GlobalValues = FlagValues<typeof GLOBAL_FLAGS>

/** `key=value` of `-o`; several may be joined by commas. A key without `=` stands for an empty value. */
function parseExtendedOption(value: string): readonly (readonly [string, string])[] {
  return value.split(',').map((pair): readonly [string, string] => {
    const equals = pair.indexOf('=')
    const key = (equals === -1 ? pair : pair.slice(0, equals)).trim().toLowerCase()
    if (key === '') throw new Error('the name of the option is missing')
    return [key, equals === -1 ? '' : pair.slice(equals + 1).trim()]
  })
}
