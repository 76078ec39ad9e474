import type { Command } from './command-line/command.ts'

/** A command as the list of all commands shows it; what it is and does is loaded when it is wanted. */
export interface CommandEntry {
  /** One or two words: `key add`. */
  readonly name: string
  readonly summary: string
  /** Under which heading it is listed; hidden ones are old names. */
  readonly group: 'server' | 'backups' | 'repository' | 'program' | 'hidden'
  load(): Promise<Command>
}

function entry(name: string, summary: string, rest: Pick<CommandEntry, 'group' | 'load'>): CommandEntry {
  return { name, summary, ...rest }
}

/** Every command there is, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  entry('start', 'Back folders up with nothing to set up', {
    group: 'backups',
    load: async () => (await import('./commands/start.ts')).startCommand,
  }),
  entry('server', 'Run the server that looks after many machines', {
    group: 'server',
    load: async () => (await import('./commands/server.ts')).serverCommand,
  }),
  entry('agent', 'Let a server back this machine up', {
    group: 'server',
    load: async () => (await import('./commands/agent.ts')).agentCommand,
  }),
  entry('agent enrol', 'Bring this machine in at a server by a code', {
    group: 'server',
    load: async () => (await import('./commands/agent-enrol.ts')).agentEnrolCommand,
  }),
  entry('agent snapshots', 'List what the server has of this machine', {
    group: 'server',
    load: async () => (await import('./commands/agent-snapshots.ts')).agentSnapshotsCommand,
  }),
  entry('agent restore', 'Bring files of this machine back from its server', {
    group: 'server',
    load: async () => (await import('./commands/agent-restore.ts')).agentRestoreCommand,
  }),
  entry('agent status', 'Say how the agent of this machine is', {
    group: 'server',
    load: async () => (await import('./commands/agent-status.ts')).agentStatusCommand,
  }),
  entry('init', 'Initialize a new repository', { group: 'backups', load: async () => (await import('./commands/init.ts')).initCommand }),
  entry('backup', 'Create a new backup of files and folders', {
    group: 'backups',
    load: async () => (await import('./commands/backup.ts')).backupCommand,
  }),
  entry('snapshots', 'List all snapshots', {
    group: 'backups',
    load: async () => (await import('./commands/snapshots.ts')).snapshotsCommand,
  }),
  entry('ls', 'List files in a snapshot', { group: 'backups', load: async () => (await import('./commands/ls.ts')).lsCommand }),
  entry('find', 'Find a file, a folder or IDs in snapshots', {
    group: 'backups',
    load: async () => (await import('./commands/find.ts')).findCommand,
  }),
  entry('diff', 'Show differences between two snapshots', {
    group: 'backups',
    load: async () => (await import('./commands/diff.ts')).diffCommand,
  }),
  entry('restore', 'Extract the data from a snapshot', {
    group: 'backups',
    load: async () => (await import('./commands/restore.ts')).restoreCommand,
  }),
  entry('dump', 'Print a backed-up file, or a folder as an archive', {
    group: 'backups',
    load: async () => (await import('./commands/dump.ts')).dumpCommand,
  }),
  entry('stats', 'Count files and sizes in snapshots', {
    group: 'backups',
    load: async () => (await import('./commands/stats.ts')).statsCommand,
  }),
  entry('tag', 'Modify tags on snapshots', { group: 'backups', load: async () => (await import('./commands/tag.ts')).tagCommand }),
  entry('forget', 'Remove snapshots from the repository', {
    group: 'backups',
    load: async () => (await import('./commands/forget.ts')).forgetCommand,
  }),
  entry('rewrite', 'Rewrite snapshots to exclude files or change metadata', {
    group: 'backups',
    load: async () => (await import('./commands/rewrite.ts')).rewriteCommand,
  }),
  entry('copy', 'Copy snapshots from one repository to another', {
    group: 'backups',
    load: async () => (await import('./commands/copy.ts')).copyCommand,
  }),
  entry('check', 'Check the repository for errors', {
    group: 'repository',
    load: async () => (await import('./commands/check.ts')).checkCommand,
  }),
  entry('prune', 'Remove unneeded data from the repository', {
    group: 'repository',
    load: async () => (await import('./commands/prune.ts')).pruneCommand,
  }),
  entry('repair index', 'Build a new index', {
    group: 'repository',
    load: async () => (await import('./commands/repair-index.ts')).repairIndexCommand,
  }),
  entry('repair packs', 'Salvage damaged pack files', {
    group: 'repository',
    load: async () => (await import('./commands/repair-packs.ts')).repairPacksCommand,
  }),
  entry('repair snapshots', 'Repair snapshots', {
    group: 'repository',
    load: async () => (await import('./commands/repair-snapshots.ts')).repairSnapshotsCommand,
  }),
  entry('recover', 'Make a snapshot of data that no snapshot refers to', {
    group: 'repository',
    load: async () => (await import('./commands/recover.ts')).recoverCommand,
  }),
  entry('migrate', 'Apply migrations', { group: 'repository', load: async () => (await import('./commands/migrate.ts')).migrateCommand }),
  entry('unlock', 'Remove locks of processes that are gone', {
    group: 'repository',
    load: async () => (await import('./commands/unlock.ts')).unlockCommand,
  }),
  entry('key add', 'Add a new key (password)', {
    group: 'repository',
    load: async () => (await import('./commands/key-add.ts')).keyAddCommand,
  }),
  entry('key list', 'List keys (passwords)', {
    group: 'repository',
    load: async () => (await import('./commands/key-list.ts')).keyListCommand,
  }),
  entry('key passwd', 'Change the password', {
    group: 'repository',
    load: async () => (await import('./commands/key-passwd.ts')).keyPasswdCommand,
  }),
  entry('key remove', 'Remove a key (password)', {
    group: 'repository',
    load: async () => (await import('./commands/key-remove.ts')).keyRemoveCommand,
  }),
  entry('list', 'List objects in the repository', {
    group: 'repository',
    load: async () => (await import('./commands/list.ts')).listCommand,
  }),
  entry('cat', 'Print internal objects', { group: 'repository', load: async () => (await import('./commands/cat.ts')).catCommand }),
  entry('storage verify', 'Put a storage to the test', {
    group: 'repository',
    load: async () => (await import('./commands/storage-verify.ts')).storageVerifyCommand,
  }),
  entry('cache', 'Show and clean local caches', { group: 'program', load: async () => (await import('./commands/cache.ts')).cacheCommand }),
  entry('options', 'Print the extended options', {
    group: 'program',
    load: async () => (await import('./commands/options.ts')).optionsCommand,
  }),
  entry('generate', 'Write completion files for shells', {
    group: 'program',
    load: async () => (await import('./commands/generate.ts')).generateCommand,
  }),
  entry('completion', 'Print the completion of one shell', {
    group: 'program',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  }),
  entry('version', 'Print version information', {
    group: 'program',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  }),
  entry('rebuild-index', 'Use repair index instead', {
    group: 'hidden',
    load: async () => (await import('./commands/repair-index.ts')).repairIndexCommand,
  }),
]

/** Names of commands that consist of others: `key`, `repair`, `storage`. */
export function isCommandGroup(name: string): boolean {
  return COMMANDS.some((command) => command.name.startsWith(`${name} `))
}
