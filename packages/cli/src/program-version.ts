import { readFileSync } from 'node:fs'

/** The version of the program, from its package.json. */
export function programVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const isNamed = typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string'
  return isNamed ? String((manifest as { version: string }).version) : 'unknown'
}
