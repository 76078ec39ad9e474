/** Of the edits of a form, those that were made since `sent` went to the server: they are still to be saved. */
export function editsSince<Edits extends object>(edits: Edits, sent: Partial<Edits>): Partial<Edits> {
  const known = new Map<string, unknown>(Object.entries(sent))
  const since = Object.entries(edits).filter(([name, value]) => !known.has(name) || !Object.is(known.get(name), value))
  return Object.fromEntries(since) as Partial<Edits>
}
