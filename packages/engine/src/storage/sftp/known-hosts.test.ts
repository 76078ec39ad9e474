import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findProgram } from '../../testing/servers/programs.ts'
import { fingerprintOf, type HostKeyVerdict, judgeHostKey, keyTypeOf, knownKeyTypes, parseKnownHosts } from './known-hosts.ts'

const KEY = wireKey('ssh-ed25519', 'one')
const OTHER = wireKey('ssh-ed25519', 'two')
const RSA = wireKey('ssh-rsa', 'three')

function wireKey(type: string, content: string): Buffer {
  const parts = [type, content.padEnd(32, '.')].map((part) => Buffer.concat([Buffer.from([0, 0, 0, part.length]), Buffer.from(part)]))
  return Buffer.concat(parts)
}

function line(names: string, key: Buffer, marker = ''): string {
  return `${marker}${names} ${keyTypeOf(key)} ${key.toString('base64')} a comment\n`
}

function judge(text: string, shown: { readonly host?: string; readonly port?: number; readonly key?: Buffer } = {}): HostKeyVerdict {
  return judgeHostKey(parseKnownHosts(text), { host: 'host', port: 22, key: KEY, ...shown })
}

describe('judgeHostKey', () => {
  it('knows a host by its name', () => {
    expect(judge(line('host', KEY))).toBe('known')
    expect(judge(line('other,host,10.0.0.1', KEY))).toBe('known')
    expect(judge(line('host', KEY), { host: 'HOST' })).toBe('known')
    expect(judge(line('other', KEY))).toBe('unknown')
    expect(judge('')).toBe('unknown')
  })

  it('tells ports apart', () => {
    expect(judge(line('host', KEY), { port: 2222 })).toBe('unknown')
    expect(judge(line('[host]:2222', KEY), { port: 2222 })).toBe('known')
    expect(judge(line('[host]:2222', KEY))).toBe('unknown')
  })

  it('reports a key that differs from the known one of its type', () => {
    expect(judge(line('host', OTHER))).toBe('changed')
    expect(judge(line('host', RSA))).toBe('unknown')
    expect(judge(line('host', OTHER) + line('host', KEY))).toBe('known')
  })

  it('understands patterns', () => {
    expect(judge(line('*.example.org', KEY), { host: 'a.b.example.org' })).toBe('known')
    expect(judge(line('h?st', KEY))).toBe('known')
    expect(judge(line('*,!host', KEY))).toBe('unknown')
    expect(judge(line('h.st', KEY))).toBe('unknown')
    expect(judge(line(`${'*'.repeat(5000)}x`, KEY), { host: 'a'.repeat(5000) })).toBe('unknown')
  })

  it('never accepts a revoked key', () => {
    expect(judge(line('host', KEY) + line('*', KEY, '@revoked '))).toBe('revoked')
  })

  it('leaves certificate authorities, comments and broken lines out', () => {
    expect(judge(line('host', KEY, '@cert-authority '))).toBe('unknown')
    expect(judge(`# ${line('host', KEY)}\nhost\nhost ssh-ed25519\n|1|x ssh-ed25519 ${KEY.toString('base64')}\n`)).toBe('unknown')
  })

  it('names the types that are known of a host', () => {
    expect(knownKeyTypes(parseKnownHosts(line('host', KEY) + line('host', RSA) + line('other', OTHER)), 'host', 22)).toEqual([
      'ssh-ed25519',
      'ssh-rsa',
    ])
  })

  it('reads what ssh-keygen -H hashes and shows its fingerprints', () => {
    const keygen = findProgram('ssh-keygen', 'openssh-client')
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-known-'))
    try {
      execFileSync(keygen, ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
      const [, encoded = ''] = readFileSync(join(folder, 'key.pub'), 'utf8').split(' ')
      const key = Buffer.from(encoded, 'base64')
      const file = join(folder, 'known_hosts')
      writeFileSync(file, line('host', key) + line('[other]:2222', key))
      execFileSync(keygen, ['-H', '-f', file], { stdio: 'ignore' })
      const hashed = readFileSync(file, 'utf8')
      expect(hashed).not.toContain('host')
      expect(judge(hashed, { key })).toBe('known')
      expect(judge(hashed, { key, host: 'other', port: 2222 })).toBe('known')
      expect(judge(hashed, { key, host: 'third' })).toBe('unknown')
      expect(judge(hashed, { key: KEY })).toBe('changed')
      expect(execFileSync(keygen, ['-l', '-f', join(folder, 'key.pub')], { encoding: 'utf8' })).toContain(fingerprintOf(key))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
