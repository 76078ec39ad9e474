import { CommandFailure } from '../command-failure.ts'

/**
 * The words of a command as restic splits them: white space between words, single and double quotes around some; a backslash keeps the
 * character behind it from being a quote and is dropped. No variables, no expansion: nothing is ever given to a shell.
 * @throws {CommandFailure} `usage`
 */
export function splitCommand(command: string): string[] {
  const words: string[] = []
  let word = ''
  let quote = ''
  let former = ''
  const finishWord = (): void => {
    if (word !== '') words.push(word)
    word = ''
  }
  for (const character of command) {
    const isQuote = former !== '\\' && (quote === '' ? character === '"' || character === "'" : character === quote)
    if (isQuote) {
      quote = quote === '' ? character : ''
      finishWord()
      continue
    }
    former = character
    if (quote === '' && (character === '\\' || /\s/.test(character))) finishWord()
    else word += character
  }
  finishWord()
  if (quote !== '') throw new CommandFailure('usage', `${quote === "'" ? 'single' : 'double'}-quoted string not terminated`)
  if (words.length === 0) throw new CommandFailure('usage', 'command string is empty')
  return words
}
