import type { RunningServer } from '@holdfast/server'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'

/** Says where the server is and how to get in. */
export function announceServer({ url, firstLogin }: RunningServer, printer: Printer): void {
  printer.result(`Holdfast is at ${url}`)
  if (firstLogin === undefined) return
  const { username, password } = firstLogin
  printer.result(`Sign in as ${username} with the password ${password} (it is shown this once: change it or keep it safe)`)
  printer.result(`This opens it with both filled in: ${firstLoginUrl(url, { username, password })}`)
}

/** Names what to type behind the `#`, which a browser sends to nobody. */
function firstLoginUrl(url: string, login: { readonly username: string; readonly password: string }): string {
  const page = new URL('/sign-in?returnTo=/welcome', url)
  page.hash = new URLSearchParams(login).toString()
  return page.href
}

/** Resolves when the user or the system wants the command to end. */
export async function untilInterrupted({ signal }: CommandContext): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
