import type { Client } from '@holdfast/protocol'

/** Agents tell of themselves every minute unless somebody has set otherwise. */
const SILENT_MS = 3 * 60_000

/** Whether nothing is heard of a client’s agent, so that nothing begins there for now. The server’s own machine is always there. */
export function isSilent({ isLocal, lastPingAt }: Pick<Client, 'isLocal' | 'lastPingAt'>, nowMs: number): boolean {
  return !isLocal && (lastPingAt === null || nowMs - Date.parse(lastPingAt) > SILENT_MS)
}
