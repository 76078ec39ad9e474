import { readFileSync } from 'node:fs'

/** The version of this server, as its package says. */
export function serverVersion(): string {
  const { version }: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return version
}
