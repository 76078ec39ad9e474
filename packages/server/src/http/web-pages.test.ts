import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestServer } from '../testing/test-server.ts'

const WHO = '</api/v1/me>; rel=preload; as=fetch; crossorigin=anonymous'

describe('the pages', () => {
  const webFolder = mkdtempSync(join(tmpdir(), 'holdfast-pages-'))
  let server: TestServer
  beforeAll(async () => {
    mkdirSync(join(webFolder, 'assets'))
    writeFileSync(join(webFolder, 'index.html'), '<!doctype html><title>Holdfast</title>')
    writeFileSync(join(webFolder, 'icon.svg'), '<svg/>')
    const hints = [
      { path: '/', files: ['/assets/start-1.js'], questions: [] },
      { path: '/sign-in', files: ['/assets/door-1.js'], questions: [] },
      { path: '/clients', files: [], questions: ['/api/v1/clients'] },
      { path: '/clients/$clientId', files: ['/assets/client-1.css'], questions: [] },
      { path: '/runs/$runId', files: [], questions: ['/api/v1/runs/$runId/log'] },
    ]
    writeFileSync(join(webFolder, 'page-hints.json'), JSON.stringify(hints))
    writeFileSync(join(webFolder, 'assets', 'index-1.js'), 'plain')
    writeFileSync(join(webFolder, 'assets', 'index-1.js.br'), 'small')
    server = await TestServer.start({ settings: { webFolder } })
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(webFolder, { recursive: true })
  })

  it.each(['/', '/clients/7?tab=logs', '/snapshots/3?path=%2Fa%2525'])('are one page, whatever is opened: %s', async (path) => {
    const reply = await server.request(`GET ${path}`, { headers: { accept: 'text/html,*/*' } })
    expect(reply.statusCode).toBe(200)
    expect(reply.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
    expect(reply.headers['content-security-policy']).toContain("script-src 'self'")
    expect(reply.body).toContain('Holdfast')
  })

  it.each([
    ['/', true, '</assets/start-1.js>; rel=modulepreload, </api/v1/me>; rel=preload; as=fetch; crossorigin=anonymous'],
    [
      '/clients/7',
      true,
      '</assets/client-1.css>; rel=preload; as=style; crossorigin=anonymous, </api/v1/me>; rel=preload; as=fetch; crossorigin=anonymous',
    ],
    [
      '/clients',
      true,
      '</api/v1/me>; rel=preload; as=fetch; crossorigin=anonymous, </api/v1/clients>; rel=preload; as=fetch; crossorigin=anonymous',
    ],
    ['/runs/30', true, `${WHO}, </api/v1/runs/30/log>; rel=preload; as=fetch; crossorigin=anonymous`],
    ['/runs/03', true, WHO],
    ['/runs/99999999999', true, WHO],
    ['/runs/3>x', true, WHO],
    ['/runs/30?tab=log', true, WHO],
    ['/clients?state=failed', true, '</api/v1/me>; rel=preload; as=fetch; crossorigin=anonymous'],
    ['/clients', false, '</assets/door-1.js>; rel=modulepreload'],
    ['/sign-in?returnTo=%2F', true, '</assets/door-1.js>; rel=modulepreload'],
    ['/nothing/of/the/kind', true, undefined],
  ])('name what is needed besides: %s', async (path, hasSession, links) => {
    const cookie = hasSession ? { cookie: 'holdfast_session=one' } : {}
    const reply = await server.request(`GET ${path}`, { headers: { accept: 'text/html', ...cookie } })
    expect(reply.statusCode).toBe(200)
    expect(reply.headers.link).toBe(links)
  })

  it('have files that browsers keep for ever, compressed where they take that', async () => {
    const plain = await server.request('GET /assets/index-1.js')
    expect(plain.body).toBe('plain')
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const small = await server.request('GET /assets/index-1.js', { headers: { 'accept-encoding': 'gzip, br' } })
    expect(small.body).toBe('small')
    expect(small.headers).toMatchObject({ 'content-encoding': 'br', 'content-type': expect.stringContaining('javascript') })
  })

  it.each(['/api/v1/nothing', '/agent/v2/ping', '/assets/index-0.js', '/%E0%A4%A', '/assets/%2e%2e%2f%2e%2e%2fsecret', '/assets/%00'])(
    'are not what programs ask for: %s',
    async (path) => {
      const reply = await server.request(`GET ${path}`, { headers: { accept: 'text/html' } })
      expect(reply.statusCode).toBeGreaterThanOrEqual(400)
      expect(reply.statusCode).toBeLessThan(500)
      expect(reply.headers['content-type']).toContain('application/problem+json')
      expect(reply.headers['cache-control'] ?? '').not.toContain('immutable')
    },
  )

  it('are not for programs that want something else', async () => {
    const reply = await server.request('GET /nothing', { headers: { accept: 'application/json' } })
    expect(reply.statusCode).toBe(404)
    expect(reply.json()).toMatchObject({ code: 'not-found' })
  })

  it('say what to do where they were not built', async () => {
    await using bare = await TestServer.start({ settings: { webFolder: join(webFolder, 'nowhere') } })
    const reply = await bare.request('GET /', { headers: { accept: 'text/html' } })
    expect(reply.statusCode).toBe(503)
    expect(reply.json().detail).toContain('npm ci')
  })
})
