import { initRepository, type Polynomial, parseLocation } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { type CommandContext, defineCommand } from '../command-line/command.ts'
import { type FlagValues, parsed, toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { withRepository } from '../session/open-session.ts'
import { askNewPassword, givenPassword } from '../session/password.ts'
import { FROM_FLAGS, fromSource, locationOf, mainSource } from '../session/repository-source.ts'
import { openStorageStack } from '../session/storage-stack.ts'

const FLAGS = {
  repositoryVersion: parsed(
    '--repository-version <version>',
    "format version: 1, 2, 'latest' or 'stable' (default: stable, which is 2)",
    parseVersion,
  ),
  copyChunkerParams: toggle('--copy-chunker-params', 'cut files as the source repository does, so that copies deduplicate'),
  ...FROM_FLAGS,
} as const

export const initCommand = defineCommand({
  usage: '',
  description: `
    Makes a new, empty repository and its first key. Whoever loses the password loses everything in the repository: nobody
    can restore it.
  `,
  flags: FLAGS,
  examples: [
    { line: '-r /srv/backups init', does: 'Make a repository in a folder' },
    { line: '-r sftp:backup@nas:/srv/backups init', does: 'Make one on another machine' },
    {
      line: '-r /srv/second init --from-repo /srv/backups --copy-chunker-params',
      does: 'Make one that copies of the first deduplicate in',
    },
  ],
  async run(context, { flags, args }) {
    if (args.length > 0) throw new CommandFailure('usage', 'the init command expects no arguments, only options')
    const printer = new Printer(context)
    const chunkerPolynomial = await polynomialOfSource(context, flags, printer)
    const source = mainSource(context)
    const location = await locationOf(source)
    const password = (await givenPassword(source, context)) ?? (await askNewPassword('enter password for new repository: ', context))
    const storage = await openStorageStack(location, context, printer)
    try {
      const repository = await initRepository(storage, {
        password,
        version: flags.repositoryVersion ?? 2,
        signal: context.signal,
        ...(chunkerPolynomial === undefined ? {} : { chunkerPolynomial }),
      })
      const { id } = repository.config
      if (printer.isJson) printer.message({ message_type: 'initialized', id, repository: parseLocation(location).display })
      const copied = chunkerPolynomial === undefined ? '' : ' with chunker parameters copied from secondary repository'
      printer.info(`created restic repository ${id.slice(0, 10)} at ${parseLocation(location).display}${copied}`)
      for (const line of [
        '',
        'Please note that knowledge of your password is required to access',
        'the repository. Losing your password means that your data is',
        'irrecoverably lost.',
      ]) {
        printer.info(line)
      }
    } finally {
      await storage.close()
    }
  },
})

async function polynomialOfSource(
  context: CommandContext,
  flags: FlagValues<typeof FLAGS>,
  printer: Printer,
): Promise<Polynomial | undefined> {
  if (!flags.copyChunkerParams) {
    if (flags.fromRepo === undefined && flags.fromRepositoryFile === undefined) return undefined
    throw new CommandFailure('usage', 'Secondary repository must only be specified when copying the chunker parameters')
  }
  const source = fromSource(flags, context.environment)
  return withRepository(context, { printer, lock: 'none', source }, async ({ repository }) => repository.chunkerPolynomial)
}

function parseVersion(value: string): 1 | 2 {
  if (value === '1') return 1
  if (['2', 'latest', 'stable', ''].includes(value)) return 2
  throw new Error('only repository versions between 1 and 2 are allowed')
}
