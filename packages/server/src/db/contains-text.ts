import { type RawBuilder, sql } from 'kysely'

/** Whether one of some columns has a text in it, as it is and in any case. */
export function containsText(columns: readonly string[], text: string): RawBuilder<boolean> {
  const patterns = spellingsOf(text).map((spelling) => `%${spelling.replaceAll(/[!%_]/g, '!$&')}%`)
  const places = columns.flatMap((column) => patterns.map((pattern) => sql`lower(${sql.ref(column)}) like ${pattern} escape '!'`))
  return sql<boolean>`(${sql.join(places, sql` or `)})`
}

/** SQLite knows the case of ASCII alone: with other letters, a text is looked for in the ways in which it is mostly written. */
function spellingsOf(text: string): readonly string[] {
  const lower = text.toLowerCase()
  if (/^\p{ASCII}*$/u.test(text)) return [lower]
  const [first = '', ...rest] = lower
  return [...new Set([lower, text, text.toUpperCase(), first.toUpperCase() + rest.join('')])]
}
