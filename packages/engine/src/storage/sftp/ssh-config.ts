import { EngineError } from '../../errors.ts'
import { matchesPattern } from './known-hosts.ts'

/** What the SSH configuration says about a host, as far as it is used here. */
export interface SshHostConfig {
  readonly hostName?: string
  readonly user?: string
  readonly port?: number
  readonly identityFiles: readonly string[]
}

/**
 * What the text of an `ssh_config` file says about `alias`: HostName, User, Port and IdentityFile of the `Host` sections that fit, the
 * first value of each. `Match` sections and `Include` are left out. Rejects with `storage.location` when the host is behind a proxy,
 * since to connect to it directly would be something else than the user means.
 */
export function sshHostConfig(text: string, alias: string): SshHostConfig {
  const settings = settingsFor(text, alias)
  const first = (key: string): string | undefined => settings.find((setting) => setting.key === key)?.value
  for (const proxy of ['proxyjump', 'proxycommand']) {
    const value = first(proxy)
    if (value === undefined || value.toLowerCase() === 'none') continue
    const state = `its SSH configuration has ${proxy === 'proxyjump' ? 'ProxyJump' : 'ProxyCommand'}, which is not supported`
    throw new EngineError('storage.location', `Cannot connect to ${alias}: ${state}; forward a port with ssh -L and use that`)
  }
  const hostName = first('hostname')?.replaceAll('%h', alias).replaceAll('%%', '%')
  const user = first('user')
  const port = Number(first('port'))
  return {
    ...(hostName === undefined ? {} : { hostName }),
    ...(user === undefined ? {} : { user }),
    ...(Number.isInteger(port) && port > 0 && port < 65_536 ? { port } : {}),
    identityFiles: settings.filter(({ key }) => key === 'identityfile').map(({ value }) => value),
  }
}

interface Setting {
  readonly key: string
  readonly value: string
}

function settingsFor(text: string, alias: string): readonly Setting[] {
  const settings: Setting[] = []
  let applies = true
  for (const line of text.split('\n')) {
    const [, name, rawValue] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? []
    if (name === undefined || rawValue === undefined) continue
    const key = name.toLowerCase()
    const value = rawValue.replace(/^"(.*)"$/, '$1')
    if (key === 'host') applies = fits(value.split(/\s+/), alias)
    else if (key === 'match') applies = false
    else if (applies) settings.push({ key, value })
  }
  return settings
}

function fits(patterns: readonly string[], alias: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(pattern.slice(1), alias))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, alias))
}
