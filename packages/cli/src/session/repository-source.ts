import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import { type FlagValues, hidden, text, toggle } from '../command-line/flag.ts'
import type { Environment, VariableName } from '../environment.ts'
import { readNamedText } from './text-file.ts'

/** Where a repository is and how its password is found, as flags and environment say. */
export interface RepositorySource {
  readonly location: string | undefined
  readonly locationFile: string | undefined
  readonly password: string | undefined
  readonly passwordFile: string | undefined
  readonly passwordCommand: string | undefined
  readonly insecureNoPassword: boolean
  readonly keyHint: string | undefined
  /** For questions and messages: empty for the repository that a command is about. */
  readonly role: '' | 'source'
}

/** The flags that name a second repository, for `copy` and `init`. */
export const FROM_FLAGS = {
  fromRepo: text('--from-repo <repository>', 'source repository (default: $RESTIC_FROM_REPOSITORY)', 'folder'),
  fromRepositoryFile: text('--from-repository-file <file>', 'read the location of the source repository from a file', 'file'),
  fromPasswordFile: text('--from-password-file <file>', 'read its password from a file (default: $RESTIC_FROM_PASSWORD_FILE)', 'file'),
  fromPasswordCommand: text('--from-password-command <command>', 'run a command and take its output as its password'),
  fromKeyHint: text('--from-key-hint <key>', 'ID of its key to try first (default: $RESTIC_FROM_KEY_HINT)'),
  fromInsecureNoPassword: toggle('--from-insecure-no-password', 'use an empty password for it (insecure)'),
  repo2: hidden(text('--repo2 <repository>', 'use --from-repo instead')),
} as const

/** The repository that a command is about. */
export function mainSource({ globals, environment }: Pick<CommandContext, 'globals' | 'environment'>): RepositorySource {
  const password = globals.passwordFile ?? globals.passwordCommand
  return {
    ...locationFrom(globals.repo, globals.repositoryFile, preferred(environment, ['repository', 'repositoryFile'])),
    ...passwordFrom(
      globals.passwordFile,
      globals.passwordCommand,
      password === undefined ? preferred(environment, ['password', 'passwordFile', 'passwordCommand']) : {},
    ),
    insecureNoPassword: globals.insecureNoPassword,
    keyHint: globals.keyHint ?? environment.get('keyHint'),
    role: '',
  }
}

/**
 * The repository that another one is copied or made from.
 * @throws {CommandFailure} `usage` when nothing names it.
 */
export function fromSource(flags: FlagValues<typeof FROM_FLAGS>, environment: Environment): RepositorySource {
  if (flags.repo2 !== undefined)
    throw new CommandFailure('usage', '--repo2 is not supported: give the source with --from-repo, the target with --repo')
  const given = preferred(environment, ['fromRepository', 'fromRepositoryFile'])
  const password = preferred(environment, ['fromPassword', 'fromPasswordFile', 'fromPasswordCommand'])
  const isPasswordGiven = flags.fromPasswordFile !== undefined || flags.fromPasswordCommand !== undefined
  const source: RepositorySource = {
    ...locationFrom(flags.fromRepo, flags.fromRepositoryFile, {
      repository: given.fromRepository,
      repositoryFile: given.fromRepositoryFile,
    }),
    ...passwordFrom(
      flags.fromPasswordFile,
      flags.fromPasswordCommand,
      isPasswordGiven
        ? {}
        : {
            password: password.fromPassword,
            passwordFile: password.fromPasswordFile,
            passwordCommand: password.fromPasswordCommand,
          },
    ),
    insecureNoPassword: flags.fromInsecureNoPassword,
    keyHint: flags.fromKeyHint ?? environment.get('fromKeyHint'),
    role: 'source',
  }
  if (source.location === undefined && source.locationFile === undefined) {
    throw new CommandFailure('usage', 'Please specify a source repository location (--from-repo or --from-repository-file)')
  }
  return source
}

/**
 * The location itself.
 * @throws {CommandFailure} `usage`
 */
export async function locationOf({ location, locationFile, role }: RepositorySource): Promise<string> {
  const prefix = role === 'source' ? '--from-' : '--'
  if (location !== undefined && locationFile !== undefined) {
    throw new CommandFailure('usage', `Options ${prefix}repo and ${prefix}repository-file are mutually exclusive, please specify only one`)
  }
  if (location !== undefined) return location
  if (locationFile !== undefined) return readNamedText(locationFile)
  throw new CommandFailure('usage', 'Please specify repository location (-r or --repository-file)')
}

type Given<Name extends VariableName> = { readonly [One in Name]?: string | undefined }

/** Values of variables that exclude each other: if any has its name of ours, restic's names do not count. */
function preferred<const Name extends VariableName>(environment: Environment, names: readonly Name[]): Given<Name> {
  const set = names.filter((name) => environment.get(name) !== undefined)
  const ours = set.filter((name) => environment.nameOf(name).startsWith('HOLDFAST_'))
  const counting = ours.length > 0 ? ours : set
  return Object.fromEntries(counting.map((name) => [name, environment.get(name)])) as Given<Name>
}

function locationFrom(
  flag: string | undefined,
  fileFlag: string | undefined,
  variables: Given<'repository' | 'repositoryFile'>,
): Pick<RepositorySource, 'location' | 'locationFile'> {
  if (flag !== undefined || fileFlag !== undefined) return { location: flag, locationFile: fileFlag }
  return { location: variables.repository, locationFile: variables.repositoryFile }
}

function passwordFrom(
  fileFlag: string | undefined,
  commandFlag: string | undefined,
  variables: Given<'password' | 'passwordFile' | 'passwordCommand'>,
): Pick<RepositorySource, 'password' | 'passwordFile' | 'passwordCommand'> {
  return {
    password: variables.password,
    passwordFile: fileFlag ?? variables.passwordFile,
    passwordCommand: commandFlag ?? variables.passwordCommand,
  }
}
