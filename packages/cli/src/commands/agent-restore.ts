import { resolve } from 'node:path'
import { messageOf, systemClock } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { choice, text, texts, toggle } from '../command-line/flag.ts'
import { formatBytes, formatSeconds } from '../output/format.ts'
import { Printer } from '../output/printer.ts'
import { AGENT_FLAGS, agentSettings, snapshotAddress, trustedCertificates } from '../session/agent-session.ts'

const POLICIES = ['always', 'if-changed', 'if-newer', 'never'] as const

export const agentRestoreCommand = defineCommand({
  usage: '[SNAPSHOT]',
  description: `
    Restores a snapshot of this machine through its server, whatever the policy says, which is for servers. The snapshot is the newest one
    unless another is named; \`holdfast agent snapshots\` lists them. Files go to where they came from unless there is a target; those that
    are there and as they should be are left alone.
  `,
  flags: {
    ...AGENT_FLAGS,
    target: text('-t, --target <folder>', 'restore into this folder', 'folder'),
    path: texts('--path <path>', 'restore this file or folder only (repeatable)', 'file'),
    overwrite: choice('--overwrite <mode>', 'what happens to files that exist: always, if-changed (default), if-newer or never', POLICIES),
    delete: toggle('--delete', 'remove what the snapshot does not have from the folders that are restored'),
  },
  examples: [
    { line: 'agent restore', does: 'Bring back what was lost since the last backup' },
    { line: 'agent restore 79766175 --path /etc --target /tmp/restored', does: 'One folder of an older snapshot, beside what is there' },
  ],
  async run(context, { flags, args }) {
    if (args.length > 1) throw new CommandFailure('usage', 'name one snapshot')
    const printer = new Printer(context)
    const { restoreHere, StateFolder } = await import('@holdfast/agent')
    const folder = await StateFolder.open(agentSettings(context, flags).stateFolder)
    const { error, statistics } = await restoreHere(
      {
        snapshot: args[0] ?? 'latest',
        paths: flags.path.map((path) => snapshotAddress(resolve(path))),
        target: flags.target === undefined ? null : resolve(flags.target),
        overwrite: flags.overwrite ?? 'if-changed',
        delete: flags.delete,
      },
      {
        ...{ folder, clock: systemClock, signal: context.signal, certificateAuthority: trustedCertificates(context) },
        listener: {
          log: (level, message) => (level === 'error' || level === 'warning' ? printer.warn(message) : undefined),
          progress: ({ doneFiles, doneBytes, currentItem }) => {
            if (!printer.terminal.canUpdateStatus) return
            printer.terminal.setStatus([`${doneFiles} files, ${formatBytes(doneBytes)} ${currentItem ?? ''}`.trimEnd()])
          },
        },
      },
    )
    if (printer.terminal.canUpdateStatus) printer.terminal.setStatus([])
    const { fileCount = 0, filesChanged = 0, addedBytes = 0, durationMs = 0 } = statistics ?? {}
    if (error !== null) throw new CommandFailure('failed', messageOf(error))
    printer.result(
      `restored ${filesChanged} of ${fileCount} files and folders, ${formatBytes(addedBytes)}, in ${formatSeconds(durationMs / 1000)}`,
    )
  },
})
