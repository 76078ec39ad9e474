import { messageOf, runProgram } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import type { CommandContext } from '../command-line/command.ts'
import { askSecret, readFirstLine } from '../output/questions.ts'
import type { RepositorySource } from './repository-source.ts'
import { splitCommand } from './split-command.ts'
import { readNamedText } from './text-file.ts'

type Surroundings = Pick<CommandContext, 'terminal' | 'signal'>

/**
 * The password that flags and environment give; undefined when somebody has to be asked.
 * @throws {CommandFailure} when they contradict each other, or the file or the command fails.
 */
export async function givenPassword(source: RepositorySource, context: Surroundings): Promise<string | undefined> {
  const { passwordFile, passwordCommand } = source
  if (passwordFile !== undefined && passwordCommand !== undefined) {
    throw new CommandFailure('usage', 'Password file and command are mutually exclusive options')
  }
  const found =
    passwordCommand !== undefined
      ? await commandPassword(passwordCommand, context)
      : passwordFile !== undefined
        ? await readNamedText(passwordFile)
        : source.password
  if (source.insecureNoPassword) {
    if (found) throw new CommandFailure('usage', '--insecure-no-password must not be specified together with providing a password')
    return ''
  }
  return found === '' ? undefined : found
}

/** Whether the password would be asked for, or read from standard input. */
export function needsStandardInput(source: RepositorySource): boolean {
  const { password, passwordFile, passwordCommand, insecureNoPassword } = source
  return password === undefined && passwordFile === undefined && passwordCommand === undefined && !insecureNoPassword
}

/** Asks on the terminal, or takes the first line of standard input. */
export async function askPassword(question: string, { terminal, signal }: Surroundings): Promise<string> {
  const password = terminal.inputIsTerminal ? await askSecret(terminal, { question, signal }) : await readFirstLine(terminal, signal)
  if (password === '') {
    throw new CommandFailure(
      'usage',
      'an empty password is not allowed by default. Pass the flag `--insecure-no-password` to disable this check',
    )
  }
  return password
}

/** Asks for a new password; on a terminal twice. */
export async function askNewPassword(question: string, context: Surroundings): Promise<string> {
  const password = await askPassword(question, context)
  if (context.terminal.inputIsTerminal && (await askPassword('enter password again: ', context)) !== password) {
    throw new CommandFailure('usage', 'passwords do not match')
  }
  return password
}

async function commandPassword(command: string, { terminal, signal }: Surroundings): Promise<string> {
  const [program = '', ...args] = splitCommand(command)
  const pieces: Buffer[] = []
  try {
    const output = runProgram(program, args, { signal, onErrorOutput: (text) => terminal.prompt(text) })
    for await (const piece of output) pieces.push(piece)
  } catch (error) {
    signal.throwIfAborted()
    throw new CommandFailure('failed', `Resolving password failed: ${messageOf(error)}`, { cause: error })
  }
  return Buffer.concat(pieces).toString('utf8').trim()
}
