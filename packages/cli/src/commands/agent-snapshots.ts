import { systemClock } from '@holdfast/engine'
import { defineCommand } from '../command-line/command.ts'
import { formatBytes } from '../output/format.ts'
import { jsonText } from '../output/json.ts'
import { Printer } from '../output/printer.ts'
import { AGENT_FLAGS, agentSettings, trustedCertificates } from '../session/agent-session.ts'

export const agentSnapshotsCommand = defineCommand({
  usage: '',
  description: 'Lists what the server has of this machine, newest first: the snapshots that `holdfast agent restore` can bring back.',
  flags: AGENT_FLAGS,
  examples: [{ line: 'agent snapshots', does: 'What can be restored here' }],
  async run(context, { flags }) {
    const printer = new Printer(context)
    const { ownSnapshots, StateFolder } = await import('@holdfast/agent')
    const folder = await StateFolder.open(agentSettings(context, flags).stateFolder)
    const certificateAuthority = trustedCertificates(context)
    const snapshots = await ownSnapshots({ folder, clock: systemClock, signal: context.signal, certificateAuthority })
    if (context.globals.json) return printer.result(jsonText(snapshots))
    for (const { snapshotId, time, paths, fileCount, sizeBytes } of snapshots) {
      const size = sizeBytes === null ? '' : `  ${fileCount ?? 0} files, ${formatBytes(sizeBytes)}`
      printer.result(`${snapshotId.slice(0, 8)}  ${time}  ${paths.join(', ')}${size}`)
    }
    if (snapshots.length === 0) printer.result('there are no snapshots of this machine yet')
  },
})
