import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resticBinaries } from '@holdfast/engine/testing'
import type { ResticPassword } from '@holdfast/protocol'
import { expect, it } from 'vitest'
import { loadSettings } from '../config/settings.ts'
import { type RunningServer, startServer } from '../server.ts'
import { credentialsOf, runRestic } from '../testing/restic-lab.ts'

it('stock restic backs up over TLS, and only to a server whose certificate it knows', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  const { certificate, key } = makeCertificate(folder)
  const environment = {
    HOLDFAST_DATA: join(folder, 'data'),
    HOLDFAST_PORT: '0',
    HOLDFAST_LOG_LEVEL: 'silent',
    HOLDFAST_ADMIN_PASSWORD: 'a long password',
  }
  const tls = { HOLDFAST_TLS_CERTIFICATE: certificate, HOLDFAST_TLS_KEY: key }
  const server = await startServer({ settings: loadSettings({ environment: { ...environment, ...tls }, folder }) })
  try {
    expect(server.url).toMatch(/^https:/)
    const login = await prepare(server, join(folder, 'repository'))
    const location = `rest:${server.url.replace('://', `://${credentialsOf(login)}@`)}/restic/own/`
    const restic = resticBinaries().at(-1)?.path ?? ''
    writeFileSync(join(folder, 'file'), 'content')
    for (const args of [['init'], ['backup', join(folder, 'file')], ['check', '--read-data']]) {
      expect(await runRestic(restic, ['--cacert', certificate, ...args], { location })).toMatchObject({ code: 0 })
    }
    const strange = makeCertificate(mkdtempSync(join(folder, 'strange-')))
    const refused = await runRestic(restic, ['--cacert', strange.certificate, 'snapshots'], { location, timeoutMs: 3000 })
    expect(refused.code).not.toBe(0)
    expect(refused.output).toMatch(/certificate/)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})

/** Signs in as the administrator, and adds a repository and a client that may use it. */
async function prepare(server: RunningServer, location: string): Promise<ResticPassword> {
  mkdirSync(location)
  let cookie = ''
  const call = async (route: string, body?: object): Promise<unknown> => {
    const [method = '', path = ''] = route.split(' ')
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    const answer = await fetch(server.loopbackUrl + path, { method, ...sent, headers: { ...type, cookie } })
    if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`)
    cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return answer.json()
  }
  await call('POST /api/v1/session', { username: 'admin', password: 'a long password' })
  const repository = (await call('POST /api/v1/repositories', { name: 'own', location, mode: 'client' })) as { readonly id: number }
  const client = (await call('POST /api/v1/clients', { name: 'laptop' })) as { readonly id: number }
  await call(`PUT /api/v1/clients/${client.id}/restic/repositories/${repository.id}`, {})
  return (await call(`POST /api/v1/clients/${client.id}/restic/password`)) as ResticPassword
}

function makeCertificate(folder: string): { readonly certificate: string; readonly key: string } {
  const certificate = join(folder, 'certificate.pem')
  const key = join(folder, 'key.pem')
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  execFileSync('openssl', ['req', '-x509', '-nodes', '-days', '2', ...curve, ...subject, '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  })
  return { certificate, key }
}
