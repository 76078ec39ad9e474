import { openStorage, parseLocation, type Storage } from '@holdfast/engine'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'
import { checkExtendedOptions, extendedOptions } from './extended-options.ts'
import { storageOptions } from './storage-options.ts'

/** Opens the storage at a location with all that flags and environment ask for: credentials, retries, connections, limits. */
export async function openStorageStack(location: string, context: CommandContext, printer: Printer): Promise<Storage> {
  const parsed = parseLocation(location)
  const options = extendedOptions(context.globals)
  checkExtendedOptions(options)
  return openStorage(parsed, await storageOptions(parsed, { context, printer, options }))
}
