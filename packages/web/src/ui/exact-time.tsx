import { Tooltip } from '@mantine/core'
import type { ReactElement, RefObject } from 'react'
import { useFormat } from './format.ts'

export interface ExactTimeProps {
  readonly at: string
  /** What is pointed at. */
  readonly target: RefObject<HTMLElement | null>
}

/** The exact time, in the user's zone, beside what is pointed at. */
export function ExactTime({ at, target }: ExactTimeProps): ReactElement | null {
  const format = useFormat()
  return <Tooltip label={format.exact(at)} target={target} opened />
}
