import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { later } from '../app/clock.ts'

const SETTLED_MS = 250

export interface SearchFieldProps {
  readonly label: string
  readonly placeholder?: string
  /** What the address says. */
  readonly value: string
  /** Told of what was typed once the typing pauses. */
  readonly onChange: (value: string) => void
}

/** A field that searches while somebody types, and follows the address when that changes otherwise. */
export function SearchField({ label, placeholder, value, onChange }: SearchFieldProps): ReactElement {
  const [typed, setTyped] = useState(value)
  const told = useRef(value)
  // What else was chosen while somebody typed is in the latest of them.
  const latest = useRef(onChange)
  useEffect(() => {
    latest.current = onChange
  })
  const stopWaiting = useRef<(() => void) | undefined>(undefined)
  useEffect(() => {
    // What was told here comes back as the address; meanwhile more may have been typed.
    if (value === told.current) return
    told.current = value
    stopWaiting.current?.()
    setTyped(value)
  }, [value])
  useEffect(() => () => stopWaiting.current?.(), [])
  const type = (text: string): void => {
    setTyped(text)
    stopWaiting.current?.()
    stopWaiting.current = later(SETTLED_MS, () => {
      told.current = text.trim()
      latest.current(text.trim())
    })
  }
  return (
    <TextInput
      type="search"
      label={label}
      {...(placeholder === undefined ? {} : { placeholder })}
      leftSection={<IconSearch size={16} aria-hidden />}
      maxLength={200}
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
    />
  )
}
