import { keepTokens, readEnrolment, type StoredEnrolment } from './enrolment.ts'
import type { StateFolder } from './state-folder.ts'

/** What is on disk: what is used, a new token of the same client, or something of another client or server. */
type Found = 'same' | 'taken' | 'elsewhere'

interface TokenKeeperOptions {
  /** Told that the machine was enrolled as another client or at another server meanwhile; nothing is written over that. */
  readonly onElsewhere?: (enrolment: StoredEnrolment) => void
}

/**
 * The token of this machine. While a new one takes its place both are kept on disk: whichever the server knows, the machine has it,
 * whenever it stops.
 */
export class TokenKeeper {
  readonly #folder: StateFolder
  readonly #options: TokenKeeperOptions
  #enrolment: StoredEnrolment
  #enrolledAgain = 0
  #looking: Promise<Found> | undefined

  constructor(folder: StateFolder, enrolment: StoredEnrolment, options: TokenKeeperOptions = {}) {
    this.#folder = folder
    this.#enrolment = enrolment
    this.#options = options
  }

  /** The one to use now. */
  get current(): string {
    return this.#enrolment.token
  }

  /** How often the machine was enrolled anew while this was at work. */
  get enrolledAgain(): number {
    return this.#enrolledAgain
  }

  /**
   * Looks whether another process has enrolled the machine anew: the same client's token is used from now on. One of another client or
   * server is for others to use: it is not shown to this server. Never rejects; what cannot be read is looked at the next time.
   */
  lookAgain(): Promise<Found> {
    // One at a time: what one has read may be older than what another has taken.
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** Takes a new token, which is durable before it is used. @throws {AgentError} `state.invalid`; the old one is used on then */
  async replace(token: string): Promise<void> {
    await this.#keep({ token, previousToken: this.current })
  }

  /** The server has taken the current token: the other one is worth nothing. */
  async confirm(): Promise<void> {
    if (this.#enrolment.previousToken === undefined) return
    // What cannot be written now is written the next time.
    await this.#keep({ token: this.current }).catch(() => undefined)
  }

  /**
   * The server does not know the current token: if there is another, that one is used from now on. Nothing is written, as both are on
   * disk, where another process may have put a token that is sound.
   */
  fallBack(): void {
    const { token, previousToken } = this.#enrolment
    if (previousToken !== undefined) this.#enrolment = { ...this.#enrolment, token: previousToken, previousToken: token }
  }

  async #look(): Promise<Found> {
    const found = await readEnrolment(this.#folder).catch(() => undefined)
    const { serverUrl, clientId, token, previousToken } = this.#enrolment
    if (found === undefined || found.token === token || found.token === previousToken) return 'same'
    if (found.serverUrl !== serverUrl || found.clientId !== clientId) {
      this.#options.onElsewhere?.(found)
      return 'elsewhere'
    }
    this.#enrolment = found
    this.#enrolledAgain++
    return 'taken'
  }

  async #keep(tokens: { readonly token: string; readonly previousToken?: string }): Promise<void> {
    // What another process has put there counts more.
    if ((await this.lookAgain()) !== 'same') return
    this.#enrolment = await keepTokens(this.#folder, this.#enrolment, tokens)
  }
}
