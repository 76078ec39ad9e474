import { type Channel, changeChannelSchema, newChannelSchema } from '@holdfast/protocol'
import { describe, expect, it } from 'vitest'
import { addressesOf, type ChannelDraft, draftOf, newDraft, problemsOf, requestOf } from './channel-draft.ts'

const ZONE = 'Europe/Berlin'
const MAIL: ChannelDraft = {
  ...newDraft(ZONE),
  name: 'Ops',
  host: 'smtp.example',
  from: 'a@b.example',
  to: 'c@d.example, e@f.example\ng@h.example',
}
const HOOK: ChannelDraft = { ...newDraft(ZONE), name: 'Chat', kind: 'webhook', url: ' https://chat.example/x ', secret: 'a'.repeat(16) }

describe('a draft of a channel', () => {
  it.each([MAIL, HOOK, { ...HOOK, kind: 'ntfy' }, { ...HOOK, kind: 'ping' }] as const)(
    'is taken by the server as it is ($kind)',
    (draft) => {
      expect(problemsOf(draft, true)).toEqual({})
      expect(newChannelSchema.parse(requestOf(draft))).toEqual(requestOf(draft))
    },
  )

  it('says what is missing before the server does', () => {
    expect(problemsOf(newDraft(ZONE), true)).toEqual({ name: 'missing', host: 'missing', from: 'address', to: 'address' })
    expect(problemsOf({ ...MAIL, to: 'c@d.example nobody', port: '' }, true)).toEqual({ to: 'address', port: 'port' })
    expect(problemsOf({ ...HOOK, url: 'ftp://x', secret: 'short' }, true)).toEqual({ url: 'url', secret: 'short' })
    expect(problemsOf({ ...HOOK, events: [] }, true)).toEqual({ events: 'nothing-wanted' })
    expect(problemsOf({ ...HOOK, events: [], every: 'day' }, true)).toEqual({})
  })

  it('keeps a secret that is not typed again', () => {
    const draft = { ...HOOK, secret: '' }
    expect(problemsOf(draft, true)).toEqual({ secret: 'short' })
    expect(problemsOf(draft, false)).toEqual({})
    expect(changeChannelSchema.parse(requestOf(draft)).config).toEqual({ kind: 'webhook', url: 'https://chat.example/x' })
  })

  it('wants a summary by its schedule, not by an event', () => {
    const { events, summary } = requestOf({ ...MAIL, events: ['run.failed'], every: 'week', hour: 6 })
    expect(events).toEqual(['run.failed', 'summary'])
    expect(summary).toEqual({ every: 'week', hour: 6, timeZone: ZONE })
    expect(requestOf({ ...HOOK, kind: 'ping', every: 'day' }).summary).toBeNull()
    expect(problemsOf({ ...HOOK, kind: 'ping', every: 'day', events: [] }, true)).toEqual({ events: 'nothing-wanted' })
    expect(requestOf({ ...MAIL, events: ['run.failed', 'summary'] })).toMatchObject({ events: ['run.failed'], summary: null })
  })

  it('is made of a channel that is there', () => {
    const request = requestOf({ ...MAIL, every: 'day', username: 'ops', secret: 'x', port: 2525, security: 'tls' })
    const { kind, ...config } = request.config
    const channel: Channel = {
      ...request,
      ...{ id: 1, ownerId: 1, kind, config: { ...config, password: undefined } },
      ...{ createdAt: '', lastSentAt: null, lastError: null },
    }
    expect(requestOf(draftOf(channel, 'UTC'))).toEqual({ ...request, config: { kind, ...config, password: undefined } })
  })
})

it('addresses may stand in lines, with commas or semicolons', () => {
  expect(addressesOf(' a@b.c;d@e.f,\n\n g@h.i ')).toEqual(['a@b.c', 'd@e.f', 'g@h.i'])
})
