import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { makeLogger } from './logger.ts'
import { newToken } from './secrets/tokens.ts'

describe('the log', () => {
  it('says which addresses were asked for, without the tokens in them', async () => {
    const lines: string[] = []
    const { token } = newToken('agent')
    const app = Fastify({ loggerInstance: makeLogger({ logLevel: 'info' }, { write: (line) => lines.push(line) }) })
    app.get('/api/clients/:token/backups', async () => [])
    await app.inject({ url: `/api/clients/${token}/backups?since=1`, headers: { authorization: `Bearer ${token}` } })
    await app.close()
    expect(lines.join('')).not.toContain(token)
    expect(lines.join('')).toContain('"url":"/api/clients/[Redacted]/backups?since=1"')
  })

  it('takes no level that there is not', () => {
    expect(() => makeLogger({ logLevel: 'loud' })).toThrow(expect.objectContaining({ code: 'settings.invalid' }))
  })
})
