import type { Client, SFTPWrapper } from 'ssh2'
import { EngineError, isEngineError } from '../../errors.ts'
import { type Clock, systemClock } from '../../host/clock.ts'
import { secureRandom } from '../../host/random.ts'
import { SFTP_STATUS, sftpStatusOf } from './sftp-failure.ts'

/** How a method of `ssh2` answers. */
export type SftpCallback<Value> = (error: Error | null | undefined, value: Value) => void

export interface SessionOptions {
  /** How long the server may take to begin with SFTP. Default 30 s. */
  readonly connectTimeoutMs?: number | undefined
  /** How long it may owe an answer. Default 5 minutes. */
  readonly stallTimeoutMs?: number | undefined
  readonly clock?: Clock
}

const DEFAULT_CONNECT_TIMEOUT_MS = 30_000
const DEFAULT_STALL_TIMEOUT_MS = 5 * 60_000

/** One SFTP channel over one connection. Requests may overlap; all that are under way reject when the connection ends. */
export class SftpSession {
  readonly #client: Client
  readonly #sftp: SFTPWrapper
  readonly #pending = new Set<(error: Error) => void>()
  readonly #closed = new AbortController()
  readonly #clock: Clock
  /** When the server last gave an answer or began to owe one. */
  #progressMs = 0
  #posixRename = false

  private constructor(client: Client, sftp: SFTPWrapper, clock: Clock) {
    this.#client = client
    this.#sftp = sftp
    this.#clock = clock
  }

  /** Opens SFTP on a connection that is logged in, and takes the connection over. */
  static async start(client: Client, options: SessionOptions = {}): Promise<SftpSession> {
    const sftp = await openChannel(client, options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS)
    const session = new SftpSession(client, sftp, options.clock ?? systemClock)
    client.once('close', () => session.end())
    sftp.once('close', () => session.end())
    // A server that breaks the protocol; an error that nobody listens for would end the process.
    sftp.on('error', () => session.end())
    // The sleep of the watch rejects when the session ends, which is what it is for.
    session.#watch(options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS).catch(() => undefined)
    await session.#probeRename()
    return session
  }

  /** Whether new requests can be made. */
  get alive(): boolean {
    return !this.#closed.signal.aborted
  }

  /** Whether a file can be put in the place of another in one step. */
  get posixRename(): boolean {
    return this.#posixRename
  }

  /** Makes one request. Rejects with the error of `ssh2`, or with `storage.unavailable` when the connection ends before the answer. */
  call<Value>(start: (sftp: SFTPWrapper, done: SftpCallback<Value>) => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      if (!this.alive) throw lost()
      if (this.#pending.size === 0) this.#progressMs = this.#clock.now()
      this.#pending.add(reject)
      start(this.#sftp, (error, value) => {
        this.#pending.delete(reject)
        this.#progressMs = this.#clock.now()
        if (error === null || error === undefined) resolve(value)
        // An error without a status is the library's, about a channel that ended.
        else reject(sftpStatusOf(error) === undefined && !this.alive ? lost() : error)
      })
    })
  }

  /** Ends the connection; requests under way reject. */
  end(): void {
    this.#end(lost())
  }

  #end(reason: EngineError): void {
    if (!this.alive) return
    this.#closed.abort(reason)
    this.#client.end()
    for (const reject of this.#pending) reject(reason)
    this.#pending.clear()
  }

  async #watch(stallTimeoutMs: number): Promise<void> {
    for (;;) {
      await this.#clock.sleep(stallTimeoutMs / 4, this.#closed.signal)
      if (this.#pending.size === 0 || this.#clock.now() - this.#progressMs < stallTimeoutMs) continue
      this.#end(new EngineError('storage.unavailable', 'Cannot reach the server: it gave no answer in time'))
    }
  }

  async #probeRename(): Promise<void> {
    const missing = `.${secureRandom(16).toString('hex')}`
    try {
      await this.call<void>((sftp, done) => sftp.ext_openssh_rename(missing, missing, (error) => done(error, undefined)))
    } catch (error) {
      if (isEngineError(error)) throw error
      // The library throws an error without a status if the server did not offer the extension.
      this.#posixRename = sftpStatusOf(error) === SFTP_STATUS.noSuchFile
    }
  }
}

function openChannel(client: Client, timeoutMs: number): Promise<SFTPWrapper> {
  return new Promise((resolve, reject) => {
    const refuse = (error: EngineError): void => {
      client.end()
      reject(error)
    }
    client.once('close', () => reject(lost()))
    const timeout = AbortSignal.timeout(timeoutMs)
    const giveUp = (): void => refuse(new EngineError('storage.unavailable', 'Cannot open SFTP: the server gave no answer in time'))
    timeout.addEventListener('abort', giveUp)
    client.sftp((error, sftp) => {
      timeout.removeEventListener('abort', giveUp)
      if (error === undefined) resolve(sftp)
      else refuse(new EngineError('storage.contract', 'Cannot open SFTP: the server does not offer it', { cause: error }))
    })
  })
}

function lost(): EngineError {
  return new EngineError('storage.unavailable', 'Cannot reach the server: the connection was closed')
}
