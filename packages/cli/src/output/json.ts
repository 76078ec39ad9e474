/** Writes a number that JavaScript's numbers cannot hold exactly with all its digits. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON

/** One line of JSON. Numbers of 64 bits may be `bigint`. */
export function jsonText(value: unknown, indent = 0): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJson(String(item)) : item), indent)
}

/** The fields of a message without those that Go's `omitempty` leaves out: zero, false, empty text, empty list, nothing. */
export function omitEmpty<Message extends object>(message: Message): Partial<Message> {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => !isEmpty(value))) as Partial<Message>
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || value === 0 || value === false || value === '' || (Array.isArray(value) && value.length === 0)
  )
}
