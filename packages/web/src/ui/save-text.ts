import { later } from '../app/clock.ts'

/** The browser has taken the file by then. */
const KEPT_MS = 10_000

/** Hands a text over to the browser as a file to be saved. */
export function saveText(content: string, name: string): void {
  const url = URL.createObjectURL(new Blob([content], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  later(KEPT_MS, () => URL.revokeObjectURL(url))
}
