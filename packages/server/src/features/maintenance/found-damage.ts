import { type PackId, parseId } from '@holdfast/engine'
import { z } from 'zod'

/** More are not named: a check that finds these damaged again says enough. */
const PACKS_MAX = 1000

const foundDamageSchema = z.object({
  /** The check that found it. */
  runId: z.int(),
  message: z.string(),
  /** The packs that were damaged or could not be read; empty where something else was. */
  packs: z.array(z.string()),
})

/** What is wrong with a repository as far as checks have found, until one has found it mended. */
export type FoundDamage = z.output<typeof foundDamageSchema>

/** Reads what was kept of a check. */
export function readFoundDamage(json: string | null): FoundDamage | undefined {
  return json === null ? undefined : foundDamageSchema.parse(JSON.parse(json))
}

/** What is kept of a check. */
export function foundDamageJson({ packs, ...damage }: FoundDamage): string {
  return JSON.stringify({ ...damage, packs: packs.slice(0, PACKS_MAX) })
}

/** The packs that the next check reads again, whatever else it reads: only so can it say that they are mended. */
export function packsToReadAgain(damage: FoundDamage | undefined): readonly PackId[] {
  return (damage?.packs ?? []).flatMap((id) => parseId<PackId>(id) ?? [])
}
