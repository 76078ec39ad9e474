import type { Enrolled } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'

/** What the agent of the server's own machine needs to work. */
export interface LocalEntrance {
  /** Where the server is reached from its own machine. */
  readonly serverUrl: string
  readonly enrolled: Enrolled
  /** The folders of this machine that hold the server's repositories now. */
  repositoryFolders(): Promise<readonly string[]>
}

/** An agent within the server's process. */
export interface LocalAgentProcess extends AsyncDisposable {
  /** Resolves when the agent has ended, for whatever reason. */
  readonly ended: Promise<void>
}

/** What starts the agent. The server knows none by itself: whoever starts the server gives it one. */
export interface LocalAgentProgram {
  start(entrance: LocalEntrance): Promise<LocalAgentProcess>
}

/** What a server that listens adds. */
interface Surroundings {
  readonly program: LocalAgentProgram | undefined
  readonly serverUrl: string
  /** Whether it is the only server on its database. */
  readonly isAlone: boolean
}

export interface LocalAgentOptions extends Pick<LocalEntrance, 'repositoryFolders'> {
  /** Brings the machine in. */
  enrol(): Promise<Enrolled>
}

/** The agent of the server's own machine: one, from when it is wanted until the server stops. */
export class LocalAgent {
  readonly #options: LocalAgentOptions
  #surroundings: Surroundings | undefined
  #running: Promise<LocalAgentProcess> | undefined

  constructor(options: LocalAgentOptions) {
    this.#options = options
  }

  /** Whether people may switch it on: servers that share a database are on several machines. */
  get isOffered(): boolean {
    return this.#surroundings?.program !== undefined && this.#surroundings.isAlone
  }

  /** The server listens now. */
  open(surroundings: Surroundings): void {
    this.#surroundings = surroundings
  }

  /**
   * Brings the machine in and starts its agent, unless it runs already.
   * @throws {ServerError} `request.conflict` when the server was started without one.
   */
  async start(): Promise<void> {
    this.#running ??= this.#start().catch((error: unknown) => {
      this.#running = undefined
      throw error
    })
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = await this.#running?.catch(() => undefined)
    this.#surroundings = undefined
    await running?.[Symbol.asyncDispose]()
  }

  async #start(): Promise<LocalAgentProcess> {
    const { program, serverUrl } = this.#surroundings ?? {}
    if (program === undefined || serverUrl === undefined) {
      throw new ServerError('request.conflict', 'Cannot protect this machine: the server was started without an agent of its own')
    }
    const { enrol, repositoryFolders } = this.#options
    const agent = await program.start({ serverUrl, enrolled: await enrol(), repositoryFolders })
    void agent.ended.then(() => {
      this.#running = undefined
    })
    return agent
  }
}
