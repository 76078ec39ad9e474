import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atDeathOfThisProcess, findProgram, freePort, runProgram, type TestServer } from './programs.ts'

export interface Sshd extends TestServer {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Private key (OpenSSH format) that the server lets in. */
  readonly privateKey: string
  readonly privateKeyFile: string
  /** The line of this server for a file of known hosts. */
  readonly knownHosts: string
  /** Empty folder for the test's repositories; removed by `stop`. */
  readonly folder: string
  /** Ends every connection at once, as a restart of the server does; new ones are accepted. */
  dropConnections(): Promise<void>
}

/** Starts a real sshd with SFTP for the current user, on a free port of this machine. */
export async function startSshd(): Promise<Sshd> {
  const program = findProgram('sshd', 'openssh-server')
  const keygen = findProgram('ssh-keygen', 'openssh-client')
  const state = mkdtempSync(join(tmpdir(), 'holdfast-sshd-'))
  const port = await freePort()
  for (const name of ['host', 'client']) await runProgram(keygen, ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', join(state, name)])
  writeFileSync(join(state, 'authorized_keys'), readFileSync(join(state, 'client.pub')), { mode: 0o600 })
  writeFileSync(join(state, 'sshd_config'), configuration(state, port))
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  mkdirSync(join(state, 'files'))
  let running = await run(program, state, port)
  return {
    host: '127.0.0.1',
    port,
    user: userInfo().username,
    privateKey: readFileSync(join(state, 'client'), 'utf8'),
    privateKeyFile: join(state, 'client'),
    knownHosts: `[127.0.0.1]:${port} ${readFileSync(join(state, 'host.pub'), 'utf8').trim()}\n`,
    folder: join(state, 'files'),
    dropConnections: async () => {
      await running.end()
      running = await run(program, state, port)
    },
    stop: async () => {
      await running.end()
      rmSync(state, { recursive: true, force: true })
    },
  }
}

function configuration(state: string, port: number): string {
  // An account without a password counts as locked unless PAM is asked, which needs root.
  const root = process.getuid?.() === 0
  return `Port ${port}
ListenAddress 127.0.0.1
HostKey ${state}/host
PidFile ${state}/sshd.pid
AuthorizedKeysFile ${state}/authorized_keys
StrictModes no
UsePAM ${root ? 'yes' : 'no'}
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
MaxSessions 100
Subsystem sftp internal-sftp
`
}

async function run(program: string, state: string, port: number): Promise<{ end(): Promise<void> }> {
  const child = spawn(program, ['-D', '-e', '-f', join(state, 'sshd_config')], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  // The processes of its connections end with these.
  const guard = atDeathOfThisProcess('sh', ['-c', 'kill -9 "$1"; rm -rf "$2"', 'sh', String(child.pid), state])
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (child.exitCode !== null || tries > 200) throw new Error(`Cannot start sshd: ${said}`)
    await sleep(25)
  }
  return {
    end: async () => {
      guard.cancel()
      killTree(child)
      await ended
    },
  }
}

/** Ends sshd and the processes of its connections, each of which is in a session of its own. */
function killTree(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return
  for (const pid of [...descendantsOf(child.pid), child.pid]) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }
}

function descendantsOf(pid: number): readonly number[] {
  const children = childrenOf(pid)
  return [...children, ...children.flatMap(descendantsOf)]
}

function childrenOf(pid: number): readonly number[] {
  const found: number[] = []
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const [, parent] = /\) \S (\d+) /.exec(readIfThere(`/proc/${name}/stat`)) ?? []
    if (Number(parent) === pid) found.push(Number(name))
  }
  return found
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const answer = (result: boolean): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}
