/** Languages that the page is in. */
export type Language = 'en' | 'ja'

/** The language that a browser likes best of those that there are, as its `Accept-Language` says; English for any other. */
export function languageOf(accepted: string | undefined): Language {
  let best: Language = 'en'
  let bestWeight = 0
  for (const part of (accepted ?? '').slice(0, 1000).split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const language = range.split('-')[0]
    const weight = weightOf(parameters)
    if ((language !== 'en' && language !== 'ja') || weight <= bestWeight) continue
    best = language
    bestWeight = weight
  }
  return best
}

function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='))
  if (given === undefined) return 1
  const weight = Number(given.slice(2))
  return weight >= 0 && weight <= 1 ? weight : 0
}
