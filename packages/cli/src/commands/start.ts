import { lstatSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { checkRepository, initRepository, isEngineError, makeFolders, messageOf, secureRandom } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { toggle } from '../command-line/flag.ts'
import { parseArguments } from '../command-line/parse-arguments.ts'
import { Printer } from '../output/printer.ts'
import { checkedWords } from '../session/checked-words.ts'
import { withRepository } from '../session/open-session.ts'
import { mainSource } from '../session/repository-source.ts'
import { openStorageStack } from '../session/storage-stack.ts'
import { readNamedText } from '../session/text-file.ts'
import { backupCommand } from './backup.ts'

const PASSWORD_BYTES = 24
const KEEP_A_COPY = 'KEEP A COPY OF THAT FILE SOMEWHERE ELSE: whoever loses the password loses the backups.'

export const startCommand = defineCommand({
  usage: '[FOLDER ...]',
  description: `
    Starts the server with nothing to set up, and protects folders of this machine: makes an encrypted repository with a generated
    password below the data folder ($HOLDFAST_DATA, or data/ here), backs the folders up into it at once, checks it, and does so
    again every day until it is interrupted. Run again, it stores what has changed. Without folders it starts the server alone.

    With --once there is no server: the folders are backed up and checked, and that is all.
  `,
  flags: { once: toggle('--once', 'back up and check, and start no server') },
  examples: [
    { line: 'start ~/Documents', does: 'The first backup, and one every day from then on' },
    { line: 'start --once ~/Documents', does: 'A backup now, and nothing that goes on' },
  ],
  async run(context, { args, flags }) {
    const folder = resolve(context.environment.get('dataFolder') ?? 'data')
    const files = { repository: join(folder, 'repository'), password: join(folder, 'repository-password') }
    const printer = new Printer(context)
    // Absolute, so that it makes no difference from where the same folder is named.
    const folders = args.map((folder) => resolve(folder))
    if (flags.once && folders.length === 0) throw new CommandFailure('usage', 'name the folders to back up')
    if (!flags.once) requireSome(folders, printer)
    const own = forRepository(context, files)
    if (folders.length > 0) {
      const isNew = await ensureRepository(own, printer, files)
      if (isNew) announce(printer, files)
      else printer.info(`repository: ${files.repository}, password: ${files.password}`)
    }
    if (flags.once) {
      await backupCommand.run(own, parseArguments(backupCommand, ['--', ...folders]).input)
      return check(own, printer)
    }
    const { serveHere } = await import('../session/serve-here.ts')
    await serveHere(context, { printer, files, folders })
  },
})

interface Files {
  readonly repository: string
  readonly password: string
}

/** @throws {CommandFailure} when there is none of the folders; those that are missing beside others are told of by their backup. */
function requireSome(folders: readonly string[], printer: Printer): void {
  const missing = folders.filter((folder) => lstatSync(folder, { throwIfNoEntry: false }) === undefined)
  for (const folder of missing) printer.warn(`there is no ${folder}`)
  if (missing.length > 0 && missing.length === folders.length) throw new CommandFailure('failed', 'there is nothing to back up')
}

function forRepository(context: CommandContext, { repository, password }: Files): CommandContext {
  const source = { repo: repository, repositoryFile: undefined, passwordFile: password, passwordCommand: undefined }
  return { ...context, globals: { ...context.globals, ...source, insecureNoPassword: false } }
}

function announce(printer: Printer, { repository, password }: Files): void {
  const lines = [
    `A new repository was made at ${repository}.`,
    `Its password was generated and is in ${password}, which only you can read.`,
    printer.terminal.tinted(KEEP_A_COPY, 'warning', 'output'),
    '',
  ]
  for (const line of lines) printer.info(line)
}

/** Makes password and repository where they are missing; gives whether the repository is new. */
async function ensureRepository(context: CommandContext, printer: Printer, files: Files): Promise<boolean> {
  await makeFolders(resolve(files.password, '..'), 0o700)
  const storage = await openStorageStack(files.repository, context, printer)
  try {
    const exists = await storage.stat({ kind: 'config', name: '' }, { signal: context.signal }).then(
      () => true,
      (error: unknown) => {
        if (isEngineError(error, 'storage.not-found')) return false
        throw error
      },
    )
    if (exists) return false
    await ensurePassword(files.password)
    await initRepository(storage, { password: await readNamedText(files.password), signal: context.signal })
    return true
  } finally {
    await storage.close()
  }
}

/** Makes the file with the password unless there is one, which an interrupted first run leaves. */
async function ensurePassword(path: string): Promise<void> {
  const temporary = `${path}.${secureRandom(6).toString('hex')}.tmp`
  try {
    await using existing = await open(path, 'r')
    if ((await existing.stat()).size > 0) return
    throw new CommandFailure('failed', `the file with the password is empty: ${path}; remove it if there is no repository yet`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(`${secureRandom(PASSWORD_BYTES).toString('base64url')}\n`)
    await file.sync()
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw new CommandFailure('failed', `cannot keep the password in ${basename(path)}: ${messageOf(error)}`, { cause: error })
  }
}

async function check(context: CommandContext, printer: Printer): Promise<void> {
  const report = await withRepository(context, { printer, lock: 'shared', source: mainSource(context) }, ({ repository, signal }) =>
    checkRepository(repository, {
      signal,
      onFinding: (finding) => (finding.severity === 'error' ? printer.warn(`error: ${finding.message}`) : undefined),
    }),
  )
  if (report.errorCount > 0) throw new CommandFailure('failed', 'repository contains errors; `holdfast check` says more')
  printer.success(checkedWords(report.snapshotCount))
}
