import { ManualClock } from '@holdfast/engine/testing'
import type { LightMyRequestResponse } from 'fastify'
import { Secret, TOTP } from 'otpauth'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases, TEST_PASSWORD, TestServer } from '../../testing/test-server.ts'

const MINUTE_MS = 60_000

for (const databases of allDatabases()) {
  describe(`signing in on ${databases.name}`, () => {
    let server: TestServer
    let clock: ManualClock
    let databaseUrl: string | undefined
    beforeEach(async () => {
      clock = new ManualClock(Date.UTC(2026, 0, 1))
      databaseUrl = await databases.create()
      server = await TestServer.start({ clock, databaseUrl })
      await server.addUser('ann', 'operator')
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    interface Attempt {
      readonly username?: string
      readonly password?: string
      readonly code?: string
      readonly from?: string
    }

    async function attempt({
      username = 'ann',
      password = TEST_PASSWORD,
      code,
      from = '127.0.0.1',
    }: Attempt): Promise<LightMyRequestResponse> {
      const payload = { username, password, ...(code === undefined ? {} : { code }) }
      return server.app.inject({ method: 'POST', url: '/api/v1/session', payload, remoteAddress: from })
    }

    async function codeOf(sent: Attempt): Promise<string> {
      const reply = await attempt(sent)
      return reply.statusCode === 200 ? 'ok' : reply.json().code
    }

    it('is refused for a while after ten failures of one name from one address, and only there', async () => {
      const guesses = await Promise.all(Array.from({ length: 25 }, (_, at) => codeOf({ password: `guess ${at}` })))
      expect(guesses.filter((code) => code === 'auth.failed')).toHaveLength(10)
      const locked = await attempt({})
      expect([locked.statusCode, locked.json().code, locked.headers['retry-after']]).toEqual([429, 'auth.locked', '900'])
      expect(locked.json().retryAfterSeconds).toBe(900)
      expect(await codeOf({ username: 'ANN', password: 'x' })).toBe('auth.locked')
      expect(await codeOf({ from: '192.0.2.9' })).toBe('ok')
      clock.advance(15 * MINUTE_MS + 1)
      expect(await codeOf({})).toBe('ok')
      for (let round = 0; round < 2; round++) {
        for (let guess = 0; guess < 9; guess++) expect(await codeOf({ password: 'wrong' })).toBe('auth.failed')
        expect(await codeOf({})).toBe('ok')
      }
      clock.advance(60 * MINUTE_MS)
      await server.services.accountUpkeep.removeExpired()
      expect(await server.database.queries.selectFrom('failed_attempts').select('key').execute()).toEqual([])
    })

    it('looks the same for names that nobody has', async () => {
      for (let guess = 0; guess < 10; guess++) expect(await codeOf({ username: 'nobody', password: 'wrong' })).toBe('auth.failed')
      expect(await codeOf({ username: 'nobody' })).toBe('auth.locked')
      await server.addUser('root', 'admin')
      const { entries } = (await server.request('GET /api/v1/audit?action=sign-in', { as: 'root' })).json()
      expect(entries).toHaveLength(11)
      expect(entries[0]).toMatchObject({ action: 'sign-in.locked', actor: 'nobody', subject: 'user', address: '127.0.0.1' })
      expect(JSON.stringify(entries)).not.toContain('wrong')
    })

    it('is refused after thirty failures from many addresses, whichever server they came to', async () => {
      const other = databaseUrl === undefined ? undefined : await TestServer.start({ clock, databaseUrl })
      const login = (at: number): Promise<unknown> =>
        (at % 2 === 0 ? server : (other ?? server)).services.accounts.login(
          { username: 'ann', password: 'wrong' },
          { address: `2001:db8:${at}::1`, userAgent: '' },
        )
      for (let at = 0; at < 30; at++) await expect(login(at)).rejects.toMatchObject({ code: 'auth.failed' })
      expect(await codeOf({})).toBe('auth.locked')
      await other?.[Symbol.asyncDispose]()
    })

    async function enable(): Promise<{ readonly totp: TOTP; readonly recoveryCodes: readonly string[] }> {
      const begun = await server.request('POST /api/v1/me/second-factor', { as: 'ann', body: { password: TEST_PASSWORD } })
      expect(begun.statusCode, begun.body).toBe(200)
      expect(begun.json().url).toMatch(/^otpauth:\/\/totp\/Holdfast:ann\?/)
      const totp = new TOTP({ secret: Secret.fromBase32(begun.json().secret) })
      const confirmed = await server.request('POST /api/v1/me/second-factor/confirm', { as: 'ann', body: { code: codeAt(totp) } })
      expect(confirmed.statusCode, confirmed.body).toBe(200)
      clock.advance(30_000)
      return { totp, recoveryCodes: confirmed.json().recoveryCodes }
    }

    function codeAt(totp: TOTP, stepsAside = 0): string {
      return totp.generate({ timestamp: clock.now() + stepsAside * 30_000 })
    }

    it('takes a code of the authenticator too, each once', async () => {
      const wrong = await server.request('POST /api/v1/me/second-factor', { as: 'ann', body: { password: 'wrong' } })
      expect(wrong.json().code).toBe('auth.failed')
      const early = await server.request('POST /api/v1/me/second-factor/confirm', { as: 'ann', body: { code: '123456' } })
      expect(early.statusCode).toBe(409)
      const { totp } = await enable()
      const rows = JSON.stringify(await server.database.queries.selectFrom('users').selectAll().execute())
      expect(rows).not.toContain(totp.secret.base32)
      expect(await codeOf({})).toBe('auth.second-factor')
      expect(await codeOf({ password: 'wrong', code: codeAt(totp) })).toBe('auth.failed')
      expect(await codeOf({ code: codeAt(totp, -2) })).toBe('auth.failed')
      expect(await codeOf({ code: codeAt(totp) })).toBe('ok')
      expect(await codeOf({ code: codeAt(totp) })).toBe('auth.failed')
      expect(await codeOf({ code: codeAt(totp, -1) })).toBe('auth.failed')
      const next = codeAt(totp, 1)
      const both = await Promise.all([codeOf({ code: next }), codeOf({ code: next, from: '192.0.2.3' })])
      expect(both.toSorted()).toEqual(['auth.failed', 'ok'])
      expect((await server.request('GET /api/v1/me', { as: 'ann' })).json()).toMatchObject({ hasSecondFactor: true })
    })

    it('takes recovery codes, each once, and new ones end the old', async () => {
      const { totp, recoveryCodes } = await enable()
      const [first = '', second = ''] = recoveryCodes
      expect(new Set(recoveryCodes).size).toBe(10)
      const rows = JSON.stringify(await server.database.queries.selectFrom('recovery_codes').selectAll().execute())
      expect(rows).not.toContain(first)
      expect(await codeOf({ code: first.toUpperCase().replaceAll('-', ' ') })).toBe('ok')
      expect(await codeOf({ code: first })).toBe('auth.failed')
      const state = await server.request('GET /api/v1/me/second-factor', { as: 'ann' })
      expect(state.json()).toEqual({ isEnabled: true, recoveryCodesLeft: 9 })
      const renew = (code: string): Promise<LightMyRequestResponse> =>
        server.request('POST /api/v1/me/second-factor/recovery-codes', { as: 'ann', body: { password: TEST_PASSWORD, code } })
      expect((await renew('000000')).statusCode).toBe(401)
      const renewed = await renew(codeAt(totp))
      expect(renewed.statusCode, renewed.body).toBe(200)
      expect(await codeOf({ code: second })).toBe('auth.failed')
      expect(await codeOf({ code: renewed.json().recoveryCodes[0] })).toBe('ok')
    })

    it('needs no code any more once the second factor is removed, by its owner or an administrator', async () => {
      const { totp } = await enable()
      const remove = (body: object): Promise<LightMyRequestResponse> =>
        server.request('POST /api/v1/me/second-factor/remove', { as: 'ann', body })
      expect((await remove({ password: 'wrong', code: codeAt(totp) })).statusCode).toBe(401)
      expect((await remove({ password: TEST_PASSWORD, code: codeAt(totp) })).statusCode).toBe(204)
      expect(await codeOf({})).toBe('ok')
      clock.advance(30_000)
      await enable()
      await server.addUser('root', 'admin')
      const ann = (await server.request('GET /api/v1/me', { as: 'ann' })).json().id
      await server.request(`PATCH /api/v1/users/${ann}`, { as: 'root', body: { hasSecondFactor: false } })
      expect(await codeOf({})).toBe('ok')
    })
  })
}
