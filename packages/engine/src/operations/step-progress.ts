/** How far one step of an operation is, in the unit that the step counts. */
export interface StepProgress<Step extends string> {
  readonly step: Step
  readonly done: number
  /** Absent where it is not known beforehand. */
  readonly total?: number
}

/** Told after every unit of work; it has to return quickly. */
export type OnProgress<Step extends string> = (progress: StepProgress<Step>) => void
