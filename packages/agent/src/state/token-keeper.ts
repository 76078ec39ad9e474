import { keepTokens, type StoredEnrolment } from './enrolment.ts'
import type { StateFolder } from './state-folder.ts'

/**
 * The token of this machine. While a new one takes its place both are kept on disk: whichever the server knows, the machine has it,
 * whenever it stops.
 */
export class TokenKeeper {
  readonly #folder: StateFolder
  #enrolment: StoredEnrolment

  constructor(folder: StateFolder, enrolment: StoredEnrolment) {
    this.#folder = folder
    this.#enrolment = enrolment
  }

  /** The one to use now. */
  get current(): string {
    return this.#enrolment.token
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

  /** The server does not know the current token: if there is another, that one is used from now on. Gives whether there is. */
  async fallBack(): Promise<boolean> {
    const { token, previousToken } = this.#enrolment
    if (previousToken === undefined) return false
    const swapped = { token: previousToken, previousToken: token }
    await this.#keep(swapped).catch(() => {
      this.#enrolment = { ...this.#enrolment, ...swapped }
    })
    return true
  }

  async #keep(tokens: { readonly token: string; readonly previousToken?: string }): Promise<void> {
    this.#enrolment = await keepTokens(this.#folder, this.#enrolment, tokens)
  }
}
