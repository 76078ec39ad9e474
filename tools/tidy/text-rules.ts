import { posix } from 'node:path'
import type { Complaint } from './complaint.ts'
import type { RepositoryFile } from './repository-files.ts'

const LINE_COLUMNS = 140
const FILE_BYTES = 1024 * 1024

/** Files that machines write or others wrote; their lines are not ours to break. */
const FOREIGN = ['package-lock.json', 'LICENSE']

/** What must not be left behind, and what to do instead. This file has to name it all, so it is the one that is not searched. */
const LEFTOVERS: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, message: 'a note to oneself: do it, or write it down where users look' },
  { pattern: /\.(skip|only|todo)\(/, message: 'a test that does not run proves nothing' },
  { pattern: /@ts-(ignore|nocheck)/, message: 'hides type errors: say @ts-expect-error and why' },
  { pattern: /@ts-expect-error\s*$/, message: 'needs a reason on the same line' },
  { pattern: /^(<{7}|>{7}|={7})( |$)/, message: 'an unresolved merge' },
  { pattern: /[ \t]+$/, message: 'blanks at the end of the line' },
]
const SELF = 'tools/tidy/text-rules.ts'

/** Names that say nothing about what is inside. */
const GRAB_BAGS = /(^|\/)(utils?|common|core|shared|helpers?|types|misc)(\.ts|\/)/

/** Lines that are too long or hold leftovers, files that are too large or badly named. */
export function textComplaints(files: readonly RepositoryFile[]): readonly Complaint[] {
  return files.flatMap((file) => [...fileComplaints(file), ...file.lines.flatMap((text, at) => lineComplaints(file.path, text, at + 1))])
}

function fileComplaints({ path, sizeBytes }: RepositoryFile): readonly Complaint[] {
  const messages: string[] = []
  if (sizeBytes > FILE_BYTES) messages.push(`${sizeBytes} bytes, at most ${FILE_BYTES}`)
  if (GRAB_BAGS.test(path)) messages.push('the name says nothing about what is inside')
  return messages.map((message) => ({ path, line: 0, message }))
}

function lineComplaints(path: string, text: string, line: number): readonly Complaint[] {
  if (FOREIGN.includes(path)) return []
  const messages = path === SELF ? [] : LEFTOVERS.filter(({ pattern }) => pattern.test(text)).map(({ message }) => message)
  // A row of a Markdown table cannot be broken.
  const breakable = !(path.endsWith('.md') && text.startsWith('|'))
  if (breakable && [...text].length > LINE_COLUMNS) messages.push(`${[...text].length} columns, at most ${LINE_COLUMNS}`)
  return messages.map((message) => ({ path, line, message }))
}

/** Links of our Markdown files to files that are not there. */
export function linkComplaints(files: readonly RepositoryFile[]): readonly Complaint[] {
  const paths = files.map(({ path }) => path)
  return files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, lines }) =>
      lines.flatMap((text, at) =>
        [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
          .map((match) => match[1] ?? '')
          .filter((link) => !/^[a-z]+:/.test(link))
          .filter((link) => !leadsTo(posix.join(posix.dirname(path), link), paths))
          .map((link) => ({ path, line: at + 1, message: `the link to ${link} leads nowhere` })),
      ),
    )
}

function leadsTo(target: string, paths: readonly string[]): boolean {
  return paths.some((path) => path === target || path.startsWith(target.endsWith('/') ? target : `${target}/`))
}

const CHANGE_KINDS = ['Security', 'Change', 'Fix', 'Feature']

/**
 * Changelog entries that do not have the form of changelog/TEMPLATE.md: `Kind: What changed for the user` in at most 100 columns, an
 * empty line, then at least one paragraph of whole sentences.
 */
export function changelogComplaints(files: readonly RepositoryFile[]): readonly Complaint[] {
  const entries = files.filter(({ path }) => /^changelog\/[^/]+\/.*$/.test(path))
  return entries.flatMap(({ path, lines }) => {
    const [title = '', gap = '', ...body] = lines
    const text = body.join(' ').trim()
    const found: Complaint[] = []
    if (!/^changelog\/(unreleased|\d+\.\d+\.\d+)\/[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(path)) {
      found.push({ path, line: 0, message: 'a changelog entry is changelog/<unreleased or version>/<words-with-dashes>.md' })
    }
    if (!CHANGE_KINDS.some((kind) => title.startsWith(`${kind}: `)) || title.length > 100 || title.endsWith('.')) {
      found.push({ path, line: 1, message: `the first line is "${CHANGE_KINDS.join('|')}: what changed", 100 columns, no full stop` })
    }
    if (gap !== '') found.push({ path, line: 2, message: 'the second line is empty' })
    if (!/^[A-Z`].*[.:]/s.test(text) || !text.endsWith('.')) found.push({ path, line: 3, message: 'the body is whole sentences' })
    return found
  })
}
