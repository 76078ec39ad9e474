/** Text that is safe within a page. */
export interface Html {
  readonly html: string
}

/** Makes a page's text of a template; values are shown as the text that they are, whatever characters they hold. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | number | Html | readonly Html[])[]): Html {
  const parts = strings.map((text, index) => (index < values.length ? text + shown(values[index] ?? '') : text))
  return { html: parts.join('') }
}

function shown(value: string | number | Html | readonly Html[]): string {
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value))
  return 'html' in value ? value.html : value.map((one) => one.html).join('')
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? '')
}
