import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { atDeathOfThisProcess, findProgram, freePort, runProgram, type TestServer } from './programs.ts'

const SCRIPT = fileURLToPath(new URL('../../../../../tools/ceph-s3.sh', import.meta.url))

const PACKAGES: Readonly<Record<string, string>> = {
  radosgw: 'radosgw',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  ceph: 'ceph-common',
  curl: 'curl',
}

export interface CephS3 extends TestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Makes the gateway go away; the data stay. */
  down(): Promise<void>
  up(): Promise<void>
}

/** Starts a Ceph cluster with an S3 gateway for one test file. Takes some seconds. */
export async function startCephS3(): Promise<CephS3> {
  for (const [program, debianPackage] of Object.entries(PACKAGES)) findProgram(program, debianPackage)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ceph-'))
  const state = join(folder, 'state')
  const keys = { S3_ACCESS_KEY: 'test', S3_SECRET_KEY: 'testing' }
  const port = await freePort()
  const guard = atDeathOfThisProcess('sh', ['-c', 'bash "$1" stop "$2/state"; rm -rf "$2"', 'sh', SCRIPT, folder])
  await runProgram('bash', [SCRIPT, 'start', state, String(port), String(await freePort())], { env: keys })
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: keys.S3_ACCESS_KEY,
    secretAccessKey: keys.S3_SECRET_KEY,
    down: async () => void (await runProgram('bash', [SCRIPT, 'down', state])),
    up: async () => void (await runProgram('bash', [SCRIPT, 'up', state])),
    stop: async () => {
      await runProgram('bash', [SCRIPT, 'stop', state])
      guard.cancel()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
