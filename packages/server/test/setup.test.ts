import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { Person, type Running, System, until } from './system.ts'

const place = new System()
afterAll(() => place[Symbol.asyncDispose]())

const start = (): Running => place.start(['server'], { HOLDFAST_DATA: place.path('data'), HOLDFAST_PORT: '0', HOLDFAST_LOG_LEVEL: 'warn' })
const urlOf = async (server: Running): Promise<string> => (await server.says(/Holdfast is at (\S+)/))[1] ?? ''

test('a server that was just started is led to its first backup, and its machine comes back with it', async () => {
  mkdirSync(place.path('home'))
  writeFileSync(place.path('home', 'letter.txt'), 'Dear reader')
  let server = start()
  const [, address = ''] = await server.says(/filled in: (\S+)\n/)
  const page = new URL(address)
  expect(`${page.origin}${page.pathname}${page.search}`).toBe(`${await urlOf(server)}/sign-in?returnTo=/welcome`)
  const { username = '', password = '' } = Object.fromEntries(new URLSearchParams(page.hash.slice(1)))
  let admin = await Person.signIn(page.origin, { username, password })
  expect((await admin.call('GET /api/v1/setup')).body).toEqual({
    isPasswordGenerated: true,
    defaultRepositoryId: null,
    proposedRepository: place.path('data', 'repository'),
    canProtectLocalMachine: true,
    localClientId: null,
    hasClient: false,
    hasFinishedBackup: false,
  })

  expect((await admin.call('POST /api/v1/setup/password', { password: '1234567890' })).status).toBe(422)
  expect((await admin.call('POST /api/v1/setup/password', { password: 'words of my own' })).status).toBe(204)
  // Whoever has a session only cannot do it again.
  expect((await admin.call('POST /api/v1/setup/password', { password: 'words of a thief' })).status).toBe(409)
  const { repositoryId } = (await admin.call('POST /api/v1/setup/repository')).body
  expect((await admin.call('POST /api/v1/setup/repository')).body).toEqual({ repositoryId })
  const { status, body } = await admin.call('POST /api/v1/setup/local-machine')
  expect([status, await admin.call('POST /api/v1/setup/local-machine')]).toEqual([201, { status: 201, body }])
  const folders = `GET /api/v1/clients/${body.clientId}/folders?path=${encodeURIComponent(place.path('home'))}`
  expect(await admin.call(folders)).toMatchObject({ status: 200, body: { entries: [{ name: 'letter.txt' }] } })
  // Its own data is nothing that it shows, nor is a repository wherever it lies, and neither is backed up.
  const within = { name: 'within', location: place.path('home', 'copies'), mode: 'create' }
  expect((await admin.call('POST /api/v1/repositories', within)).status).toBe(201)
  expect((await admin.call(folders)).body.entries).toMatchObject([{ name: 'letter.txt' }])
  expect((await admin.call(`GET /api/v1/clients/${body.clientId}/folders?path=${place.path('data')}`)).status).toBe(409)

  const selection = { paths: [place.path('home')] }
  const plan = await admin.call(`POST /api/v1/clients/${body.clientId}/plans`, { name: 'home', selection, schedule: { cron: null } })
  await admin.call(`POST /api/v1/plans/${plan.body.id}/run`)
  await until('a finished backup', async () => ((await admin.call('GET /api/v1/setup')).body.hasFinishedBackup ? true : undefined), 60_000)

  const [run] = (await admin.call(`GET /api/v1/runs?planId=${plan.body.id}`)).body.items
  expect(run).toMatchObject({ state: 'finished', statistics: { fileCount: 1 } })

  expect(await server.stop()).toBe(0)
  server = start()
  const url = await urlOf(server)
  expect(server.output).not.toContain('filled in')
  admin = await Person.signIn(url, { username, password: 'words of my own' })
  expect((await admin.call('GET /api/v1/setup')).body).toMatchObject({
    isPasswordGenerated: false,
    defaultRepositoryId: repositoryId,
    localClientId: body.clientId,
    hasFinishedBackup: true,
  })
  const answer = await until('its machine', async () => {
    const again = await admin.call(folders)
    return again.status === 200 ? again : undefined
  })
  expect(answer.body.entries).toHaveLength(1)
})
