import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PackageManifest } from './import-rules.ts'
import type { LockedPackage } from './licence-rules.ts'
import { ROOT, readText } from './repository-files.ts'

type Json = Readonly<Record<string, unknown>>

/** The manifests of our own packages, by folder. */
export function packageManifests(): readonly PackageManifest[] {
  return readdirSync(join(ROOT, 'packages'))
    .filter((folder) => existsSync(join(ROOT, 'packages', folder, 'package.json')))
    .map((folder) => {
      const manifest = readJson(`packages/${folder}/package.json`)
      const entryPoints = Object.entries(objectIn(manifest, 'exports')).map(([name, path]): [string, string] => [name, String(path)])
      return { folder, entryPoints: Object.fromEntries(entryPoints), dependencies: Object.keys(objectIn(manifest, 'dependencies')) }
    })
}

/** Everything that package-lock.json would install, with its licence. */
export function lockedPackages(): Readonly<Record<string, LockedPackage>> {
  const entries = Object.entries(objectIn(readJson('package-lock.json'), 'packages')).map(([path, value]): [string, LockedPackage] => {
    const locked = asJson(value)
    const installed = existsSync(join(ROOT, path, 'package.json')) ? licenceOf(readJson(`${path}/package.json`)) : undefined
    return [path, { dev: locked.dev === true, link: locked.link === true, licence: installed ?? licenceOf(locked) }]
  })
  return Object.fromEntries(entries)
}

/** Old packages say `{"license": {"type": …}}` or `{"licenses": [{"type": …}]}`. */
function licenceOf(manifest: Json): string | undefined {
  const all = Array.isArray(manifest.licenses) ? manifest.licenses : [manifest.license]
  const names = all.flatMap((one) => (typeof one === 'string' ? [one] : String(asJson(one).type ?? '') || []))
  return names.length === 0 ? undefined : names.join(' OR ')
}

function readJson(path: string): Json {
  return asJson(JSON.parse(readText(path)))
}

function objectIn(json: Json, key: string): Json {
  return asJson(json[key])
}

function asJson(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
