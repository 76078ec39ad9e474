import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { secureRandom } from '@holdfast/engine'
import { freePort } from '@holdfast/engine/testing'
import pg from 'pg'

/** `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = 65_534

export interface TestPostgres {
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>
  /** Asks the database that was created last. */
  query<Row>(statement: string): Promise<readonly Row[]>
  /** Ends the server as a crash would, or brings it back with the same data. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts a PostgreSQL of its own, with its data in a temporary folder. Throws when PostgreSQL is not installed. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = globSync('/usr/lib/postgresql/*/bin').sort().at(-1)
  if (bin === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-postgres-'))
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  if ('uid' in identity) chownSync(folder, NOBODY, NOBODY)
  const data = join(folder, 'data')
  await run(join(bin, 'initdb'), ['-D', data, '-U', 'holdfast', '-A', 'trust', '-E', 'UTF8', '--no-sync'], identity)
  const port = await freePort()
  const options = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    folder,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'fsync=off',
    '-c',
    'max_connections=300',
  ]
  const url = (name: string): string => `postgres://holdfast@127.0.0.1:${port}/${name}`
  let server = spawn(join(bin, 'postgres'), options, { stdio: 'ignore', ...identity })
  await untilReady(url('postgres'))
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }
  let newest = 'postgres'
  return {
    async createDatabase() {
      const name = `test_${secureRandom(6).toString('hex')}`
      const client = new pg.Client(url('postgres'))
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      newest = name
      return url(name)
    },
    async query<Row>(statement: string) {
      const client = new pg.Client(url(newest))
      await client.connect()
      const { rows } = await client.query(statement)
      await client.end()
      return rows as Row[]
    },
    kill: () => end('SIGKILL'),
    async start() {
      // It refuses while children of the one that was killed are still alive.
      for (let attempt = 0; attempt < 100; attempt++) {
        server = spawn(join(bin, 'postgres'), options, { stdio: 'ignore', ...identity })
        const ended = once(server, 'exit').then(() => 'ended' as const)
        if ((await Promise.race([untilReady(url('postgres')), ended])) !== 'ended') return
        await sleep(100)
      }
      throw new Error('Cannot start PostgreSQL again: it ends at once')
    },
    async stop() {
      // SIGQUIT: at once, without waiting for connections; the data goes anyway.
      await end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function run(program: string, args: readonly string[], identity: { readonly uid?: number; readonly gid?: number }): Promise<void> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...identity })
  let errors = ''
  child.stderr?.on('data', (text: Buffer) => (errors += text.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${program} failed: ${errors}`)
}

async function untilReady(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const client = new pg.Client(url)
    try {
      await client.connect()
      return await client.end()
    } catch (error) {
      if (attempt === 200) throw error
      await sleep(100)
    }
  }
}
