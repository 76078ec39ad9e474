import type { Complaint } from './complaint.ts'
import type { ModuleFacts } from './module-facts.ts'
import { isTestCode } from './repository-files.ts'

/** All error tables, one after the other, as the rules see them. Whether trying again can help is said where the table knows. */
export type ErrorTable = Readonly<Record<string, { readonly retry?: 'never' | 'later'; readonly meaning: string }>>

export const ERROR_REFERENCE = 'docs/reference/errors.md'
const TABLES = ['packages/engine/src/errors.ts', 'packages/server/src/errors.ts', 'packages/agent/src/errors.ts']
const RETRY_SENTENCE = 'Trying again later can help.'

/**
 * Where the reference and the table differ. The reference has one section `## code` for each row, in the tables' order: the meaning word
 * for word, whether trying again can help, and a paragraph that starts with "What to do:".
 */
export function errorReferenceComplaints(reference: readonly string[], table: ErrorTable): readonly Complaint[] {
  const sections = sectionsOf(reference)
  const codes = Object.keys(table)
  const unknown = sections.filter(({ code }) => !Object.hasOwn(table, code))
  const missing = codes.filter((code) => !sections.some((section) => section.code === code))
  const known = sections.filter(({ code }) => Object.hasOwn(table, code))
  const order = known.find(({ code }, at) => codes.filter((one) => !missing.includes(one))[at] !== code)
  return [
    ...unknown.map(({ code, line }) => complaint(line, `${code} is no row of a table`)),
    ...missing.map((code) => complaint(0, `${code} has no section`)),
    ...(order === undefined ? [] : [complaint(order.line, `${order.code} is not in the order of its table`)]),
    ...known.flatMap((section) => sectionComplaints(section, table)),
  ]
}

interface Section {
  readonly code: string
  readonly line: number
  readonly text: string
}

function sectionsOf(reference: readonly string[]): readonly Section[] {
  const starts = reference.flatMap((text, at) => (text.startsWith('## ') ? [at] : []))
  return starts.map((start, at) => ({
    code: (reference[start] ?? '').slice('## '.length),
    line: start + 1,
    text: reference.slice(start + 1, starts[at + 1] ?? reference.length).join(' '),
  }))
}

function sectionComplaints({ code, line, text }: Section, table: ErrorTable): readonly Complaint[] {
  const row = table[code]
  const found: Complaint[] = []
  if (row === undefined) return found
  if (!text.includes(row.meaning)) found.push(complaint(line, `${code} does not say: ${row.meaning}`))
  if (row.retry !== undefined && text.includes(RETRY_SENTENCE) !== (row.retry === 'later')) {
    found.push(complaint(line, `${code} ${row.retry === 'later' ? 'must say' : 'must not say'}: ${RETRY_SENTENCE}`))
  }
  if (!/What to do: \S.*\./.test(text)) found.push(complaint(line, `${code} does not say what to do`))
  return found
}

function complaint(line: number, message: string): Complaint {
  return { path: ERROR_REFERENCE, line, message }
}

/** Rows of the table that no module outside of tests ever reports. */
export function unusedErrorComplaints(modules: readonly ModuleFacts[], table: ErrorTable): readonly Complaint[] {
  const sources = modules.filter(({ path }) => path.startsWith('packages/') && !isTestCode(path) && !TABLES.includes(path))
  const used = new Set(sources.flatMap(({ strings }) => [...strings]))
  return Object.keys(table)
    .filter((code) => !used.has(code))
    .map((code) => ({ path: TABLES[0] ?? '', line: 0, message: `nothing ever reports ${code}` }))
}
