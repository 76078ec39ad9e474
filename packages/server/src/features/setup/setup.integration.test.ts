import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { initRepository, openStorage, parseLocation } from '@holdfast/engine'
import type { Enrolled } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'
import type { LocalAgentProgram, LocalEntrance } from './local-agent.ts'

/** An agent that has nothing to do until it is ended; `test/setup.test.ts` has a real one. */
class IdleAgent implements LocalAgentProgram {
  readonly entrances: LocalEntrance[] = []
  readonly #ends: (() => void)[] = []
  isEnded = false

  async start(entrance: LocalEntrance): Promise<{ ended: Promise<void>; [Symbol.asyncDispose](): Promise<void> }> {
    this.entrances.push(entrance)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#ends.push(resolve)
    return {
      ended: promise,
      [Symbol.asyncDispose]: async () => {
        this.isEnded = true
        resolve()
      },
    }
  }

  fail(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  get last(): Enrolled | undefined {
    return this.entrances.at(-1)?.enrolled
  }
}

for (const databases of allDatabases()) {
  describe(`the first steps on ${databases.name}`, () => {
    let server: TestServer

    beforeEach(async () => {
      server = await TestServer.start({ databaseUrl: await databases.create() })
      await server.services.accounts.ensureAdministrator({ username: 'admin', password: TEST_PASSWORD, isGenerated: true })
      await server.signIn('admin')
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    const setup = async (as = 'admin'): Promise<ReturnType<typeof JSON.parse>> => (await server.request('GET /api/v1/setup', { as })).json()
    const post = (what: string, body?: object, as = 'admin') =>
      server.request(`POST /api/v1/setup/${what}`, { as, ...(body === undefined ? {} : { body }) })

    it('know the generated password until it is replaced, whichever way', async () => {
      expect(await setup()).toMatchObject({ isPasswordGenerated: true })
      await server.addUser('root', 'admin')
      expect(await setup('root')).toMatchObject({ isPasswordGenerated: false })
      expect((await post('password', { password: 'another one, of mine' }, 'root')).statusCode).toBe(409)
      const [admin] = (await server.services.accounts.list()).filter(({ username }) => username === 'admin')
      await server.request(`PATCH /api/v1/users/${admin?.id}`, { as: 'root', body: { password: 'given by another administrator' } })
      expect(await server.services.accounts.hasGeneratedPassword(admin?.id ?? 0)).toBe(false)
    })

    it('take a password once, from a session and not from a token', async () => {
      const token = (
        await server.request('POST /api/v1/me/tokens', { as: 'admin', body: { name: 't', scopes: ['admin'], expiresInDays: 1 } })
      ).json().token
      expect((await server.request('POST /api/v1/setup/password', { token, body: { password: 'words of a token' } })).statusCode).toBe(409)
      expect((await post('password', { password: 'admin12345' })).statusCode).toBe(422)
      expect((await post('password', { password: 'words of my own' })).statusCode).toBe(204)
      expect((await post('password', { password: 'words of another' })).statusCode).toBe(409)
      const login = (password: string) => server.services.accounts.login({ username: 'admin', password }, { address: '', userAgent: '' })
      await expect(login(TEST_PASSWORD)).rejects.toMatchObject({ code: 'auth.failed' })
      expect((await login('words of my own')).user.username).toBe('admin')
      expect((await setup()).isPasswordGenerated).toBe(false)
    })

    it('make the proposed repository once', async () => {
      expect(await setup()).toMatchObject({ defaultRepositoryId: null, proposedRepository: join(server.folder, 'repository') })
      const first = await post('repository')
      expect([first.statusCode, (await post('repository')).json()]).toEqual([201, first.json()])
      expect(await setup()).toMatchObject({ defaultRepositoryId: first.json().repositoryId })
    })

    it('take over the repository that was made in its place without a server', async () => {
      const storage = await openStorage(parseLocation(join(server.folder, 'repository')))
      await (await initRepository(storage, { password: 'of the file', cost: { N: 2, r: 8, p: 1 } })).storage.close()
      writeFileSync(join(server.folder, 'repository-password'), 'of the file\n')
      const { repositoryId } = (await post('repository')).json()
      const kit = await server.request(`GET /api/v1/repositories/${repositoryId}/recovery-kit`, { as: 'admin' })
      expect(kit.body).toContain('of the file')
    })

    it('protect the machine of the server by the agent that the server was given, one at a time', async () => {
      expect(await setup()).toMatchObject({ canProtectLocalMachine: false })
      expect((await post('local-machine')).json()).toMatchObject({ status: 409, code: 'request.conflict' })
      const idle = new IdleAgent()
      const { localAgent, listeners } = server.services
      localAgent.open({ program: idle, serverUrl: 'http://127.0.0.1:1', isAlone: true })
      await listeners.come(1, 60_000)
      expect(await setup()).toMatchObject({ canProtectLocalMachine: true, localClientId: null, hasClient: false })
      const [one, other] = await Promise.all([post('local-machine'), post('local-machine')])
      expect([one.statusCode, other.json()]).toEqual([201, one.json()])
      expect(idle.entrances).toHaveLength(1)
      expect(idle.last?.clientId).toBe(one.json().clientId)
      expect(await setup()).toMatchObject({ localClientId: one.json().clientId, hasClient: true, hasFinishedBackup: false })
      // One that has ended is replaced.
      idle.fail()
      await post('local-machine')
      expect(idle.entrances).toHaveLength(2)
      await localAgent[Symbol.asyncDispose]()
      expect(idle.isEnded).toBe(true)
    })

    it('leave the machine alone where servers share a database', async () => {
      server.services.localAgent.open({ program: new IdleAgent(), serverUrl: 'http://127.0.0.1:1', isAlone: false })
      expect(await setup()).toMatchObject({ canProtectLocalMachine: false })
      expect((await post('local-machine')).statusCode).toBe(409)
    })
  })
}
