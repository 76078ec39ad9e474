/** A program with everything that it is started with. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  /** All of its environment: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>
  /** The folder that it runs in. */
  readonly folder: string
}

/** What a run of a program took. */
export interface Measurement {
  /** Wall time. */
  readonly seconds: number
  /** Of all its threads, user and system. */
  readonly cpuSeconds: number
  /** The most memory that was resident at a time. */
  readonly peakBytes: number
}

/** How a measured run went: what it took, and the end of what the program printed. */
export interface RunReport extends Measurement {
  /** `code 0`, `signal SIGKILL`, or the error that kept the program from starting. */
  readonly ending: string
  readonly output: string
}
