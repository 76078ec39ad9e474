import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { AGENT_ERRORS } from '../packages/agent/src/errors.ts'
import { ENGINE_ERRORS } from '../packages/engine/src/errors.ts'
import { parseLocation } from '../packages/engine/src/index.ts'
import { SERVER_ERRORS } from '../packages/server/src/errors.ts'
import {
  EMPTY_CREDENTIALS,
  EMPTY_DRAFT,
  locationOf,
  type RepositoryDraft,
} from '../packages/web/src/features/repositories/repository-draft.ts'
import { isAdvised } from '../packages/web/src/features/runs/advice-places.ts'

// The pages know no other package but the protocol. What they say of the others is held against them here.

const PACKAGES = fileURLToPath(new URL('../packages/', import.meta.url))
const AS_BACKUP = { ...EMPTY_CREDENTIALS, username: 'backup' }

test('there is advice for every code of the engine, the agent and the server', () => {
  const codes = [ENGINE_ERRORS, AGENT_ERRORS, SERVER_ERRORS].flatMap((table) => Object.keys(table))
  expect(codes.filter((code) => !isAdvised(code))).toEqual([])
})

test('there is advice for the codes that runs are ended with and that are in no table', () => {
  const named = ['server', 'agent'].flatMap((name) => codesIn(join(PACKAGES, name, 'src')))
  expect(named).toContain('run.missed')
  expect(named).toContain('repository.damaged')
  expect([...new Set(named)].filter((code) => !isAdvised(code))).toEqual([])
})

test('locations are such as the engine reads, and mean what was typed', () => {
  const cases = [
    [
      { kind: 'local', folder: ' /srv/backups ' },
      { scheme: 'local', folder: '/srv/backups' },
    ],
    [
      { kind: 's3', bucket: 'store', prefix: '/one/two/' },
      { scheme: 's3', bucket: 'store', prefix: 'one/two' },
    ],
    [
      { kind: 's3', endpoint: 'http://10.0.0.1:9000/', bucket: 'store' },
      { scheme: 's3', bucket: 'store' },
    ],
    [
      { kind: 'sftp', host: 'nas', folder: '/srv/x', credentials: AS_BACKUP },
      { scheme: 'sftp', host: 'nas', user: 'backup' },
    ],
    [
      { kind: 'sftp', host: 'nas', port: '2222', folder: '/srv/x', credentials: AS_BACKUP },
      { scheme: 'sftp', host: 'nas', port: 2222 },
    ],
    [{ kind: 'rest', url: 'https://host:8000/path' }, { scheme: 'rest' }],
  ] as const
  for (const [changes, expected] of cases) expect(parseLocation(locationOf(draftOf(changes)))).toMatchObject(expected)
})

test('a folder on an SFTP server is the same with a port and without', () => {
  for (const folder of ['/srv/x', 'below/home']) {
    const without = parseLocation(locationOf(draftOf({ kind: 'sftp', host: 'nas', folder, credentials: AS_BACKUP })))
    const with22 = parseLocation(locationOf(draftOf({ kind: 'sftp', host: 'nas', port: '22', folder, credentials: AS_BACKUP })))
    expect({ ...with22, port: undefined, display: '' }).toEqual({ ...without, port: undefined, display: '' })
  }
})

function draftOf(changes: Partial<RepositoryDraft>): RepositoryDraft {
  return { ...EMPTY_DRAFT, name: 'backups', ...changes }
}

/** The values of `code:` in a package's sources that a run may be ended with: those that are no table's keys and no test's. */
function codesIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.includes('.test.'),
  )
  return files.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return [...text.matchAll(/\bcode: (?:[^,;\n]*\? )?'([a-z-]+(?:\.[a-z-]+)?)'/g)].map(([, code = '']) => code)
  })
}
