import { useMessages } from '../../app/language.tsx'
import type { ChannelDraft, DraftProblem, DraftProblems } from './channel-draft.ts'
import { channelMessages } from './channel-messages.ts'

/** What is wrong with the fields of a channel, in words. */
export type ChannelErrors = Readonly<Partial<Record<keyof ChannelDraft, string>>>

/** What the server calls the fields: `config.host`, `summary.timeZone`. */
const SECRETS = ['password', 'secret', 'token']

/** Puts into words what was seen here, and after it what the server said. */
export function useProblemWords(problems: DraftProblems, answers: Readonly<Record<string, string>>): ChannelErrors {
  const text = useMessages(channelMessages)
  const words: Readonly<Record<DraftProblem, string>> = {
    missing: text.missing,
    url: text.urlWrong,
    address: text.addressWrong,
    short: text.secretShort,
    port: text.portWrong,
    'nothing-wanted': text.nothingWanted,
  }
  const told = Object.entries(answers).map(([path, message]) => [fieldOf(path), message])
  const seen = Object.entries(problems).map(([field, problem]) => [field, words[problem]])
  return Object.fromEntries([...told, ...seen]) as ChannelErrors
}

function fieldOf(path: string): string {
  const [first = '', second] = path.split('.')
  if (first !== 'config' && first !== 'summary') return first
  return second !== undefined && SECRETS.includes(second) ? 'secret' : (second ?? first)
}
