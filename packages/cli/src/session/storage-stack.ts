import {
  describeRetry,
  messageOf,
  openStorage,
  type ParsedLocation,
  parseLocation,
  type Storage,
  withBandwidthLimit,
} from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'
import { checkExtendedOptions, extendedOptions } from './extended-options.ts'

const KIB = 1024

/** Opens the storage at a location with everything that flags and environment ask for: retries, connections, bandwidth limits. */
export async function openStorageStack(location: string, context: CommandContext, printer: Printer): Promise<Storage> {
  const parsed = parseLocation(location)
  const options = extendedOptions(context.globals)
  checkExtendedOptions(options)
  const storage = await openStorage(parsed, await storageOptions(parsed, { context, printer, options }))
  const { limitUpload, limitDownload } = context.globals
  if (!limitUpload && !limitDownload) return storage
  return withBandwidthLimit(storage, {
    uploadBytesPerSecond: limitUpload ? limitUpload * KIB : undefined,
    downloadBytesPerSecond: limitDownload ? limitDownload * KIB : undefined,
  })
}

async function storageOptions(
  location: ParsedLocation,
  parts: { readonly context: CommandContext; readonly printer: Printer; readonly options: ReadonlyMap<string, string> },
): Promise<Parameters<typeof openStorage>[1]> {
  const { options, printer } = parts
  return {
    connections: connectionsOf(options.get(`${location.scheme}.connections`)),
    retry: { onRetry: (event) => printer.warn(describeRetry(event)) },
  }
}

function connectionsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new CommandFailure('usage', `invalid number of connections ${JSON.stringify(text)}`)
  return Number(text)
}

/** What went wrong with a cache, which is no reason to fail. */
export function describeCacheProblem(error: unknown): string {
  return `unable to use the cache: ${messageOf(error)}`
}
