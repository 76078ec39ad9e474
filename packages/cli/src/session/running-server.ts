import type { RunningServer } from '@holdfast/server'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'

/** Says where the server is and how to get in, then waits for the interruption and stops it in good order. */
export async function untilStopped(
  server: RunningServer,
  { context, printer }: { readonly context: CommandContext; readonly printer: Printer },
): Promise<void> {
  printer.result(`Holdfast is at ${server.url}`)
  if (server.firstLogin !== undefined) {
    const { username, password } = server.firstLogin
    printer.result(`Sign in as ${username} with the password ${password} (it is shown this once: change it or keep it safe)`)
  }
  const { signal } = context
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  await server.stop()
}
