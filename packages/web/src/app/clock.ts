import { useEffect, useState } from 'react'

/** Milliseconds since 1970, by the browser's clock. */
export function now(): number {
  return Date.now()
}

/** Calls `action` once, `delayMs` from now, unless the function that it gives is called before. */
export function later(delayMs: number, action: () => void): () => void {
  const timer = setTimeout(action, delayMs)
  return () => clearTimeout(timer)
}

/** The time, anew every `everyMs` while the component is shown. */
export function useNow(everyMs: number): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return time
}

/** `value`, once it has not changed for `delayMs`. */
export function useSettled<T>(value: T, delayMs: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => later(delayMs, () => setSettled(value)), [value, delayMs])
  return settled
}
