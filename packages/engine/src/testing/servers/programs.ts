import { execFile, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Something that runs beside a test; `stop` ends it and removes what it kept. */
export interface TestServer {
  stop(): Promise<void>
}

/** Path of a program in `PATH` or the folders for administrators. Throws with what to install, so that no test passes for want of it. */
export function findProgram(name: string, debianPackage: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  const path = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (path === undefined) throw new Error(`Cannot find ${name}: it is not installed; run \`apt-get install ${debianPackage}\``)
  return path
}

/** Runs a program to its end and gives what it printed; rejects with its error output when it fails. */
export async function runProgram(
  path: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly folder?: string } = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(path, args, {
    env: { ...process.env, ...options.env },
    cwd: options.folder,
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

/**
 * Runs a program when this process ends without having cancelled, however that happens, so that no server outlives its test: a pipe
 * from here ends then, and a shell waits for that.
 */
export function atDeathOfThisProcess(program: string, args: readonly string[]): { cancel(): void } {
  const script = 'cat >/dev/null; exec "$@"'
  const guard = spawn('sh', ['-c', script, 'sh', program, ...args], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.unref()
  return { cancel: () => void guard.kill('SIGKILL') }
}

/** A port of this machine that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port: the system named none')
  return address.port
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
