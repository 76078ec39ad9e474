import type { CompressionMode } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import { COMPRESSION_MODES } from '../command-line/global-flags.ts'

const MIB = 1024 * 1024
/** restic's bounds for the size of packs. */
const PACK_SIZE_MIN_MIB = 4
const PACK_SIZE_MAX_MIB = 128

/** How new data is stored, as flags and environment say; a flag counts over the environment. */
export interface StoreOptions {
  readonly compression?: CompressionMode
  readonly packSizeBytes?: number
}

/**
 * Reads compression and pack size.
 * @throws {CommandFailure} `usage`
 */
export function writeOptions({ globals, environment }: Pick<CommandContext, 'globals' | 'environment'>): StoreOptions {
  const compression = globals.compression ?? modeOf(environment.get('compression'), environment.nameOf('compression'))
  const packSizeMib = globals.packSize ?? sizeOf(environment.get('packSize'), environment.nameOf('packSize'))
  if (packSizeMib !== undefined && packSizeMib !== 0 && (packSizeMib < PACK_SIZE_MIN_MIB || packSizeMib > PACK_SIZE_MAX_MIB)) {
    throw new CommandFailure('usage', `pack size ${packSizeMib} MiB is not between ${PACK_SIZE_MIN_MIB} and ${PACK_SIZE_MAX_MIB} MiB`)
  }
  return {
    ...(compression === undefined ? {} : { compression }),
    ...(packSizeMib === undefined || packSizeMib === 0 ? {} : { packSizeBytes: packSizeMib * MIB }),
  }
}

function modeOf(value: string | undefined, name: string): CompressionMode | undefined {
  const mode = COMPRESSION_MODES.find((candidate) => candidate === value)
  if (value !== undefined && mode === undefined) {
    throw new CommandFailure('usage', `invalid value for ${name} ${JSON.stringify(value)}: must be one of ${COMPRESSION_MODES.join('|')}`)
  }
  return mode
}

function sizeOf(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined
  if (!/^\d{1,6}$/.test(value))
    throw new CommandFailure('usage', `invalid value for ${name} ${JSON.stringify(value)}: not a whole number of MiB`)
  return Number(value)
}
