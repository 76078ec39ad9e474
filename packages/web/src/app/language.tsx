import { createContext, type ReactElement, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react'
import { writtenNumber } from '../ui/written-numbers.ts'

/** The languages that every text is in. */
export type Language = 'en' | 'ja'

type Message = string | ((...args: never[]) => string)
type Catalog = Readonly<Record<string, Message>>
/** The same keys, of the same kinds. */
type Translated<T extends Catalog> = { readonly [Key in keyof T]: T[Key] extends string ? string : T[Key] }

/** The texts of one feature in all languages. */
export interface Messages<T extends Catalog> {
  readonly en: T
  readonly ja: Translated<T>
}

/** Names the texts of a feature; the compiler sees that none is missing in a language. */
export function defineMessages<const T extends Catalog>(messages: {
  readonly en: T
  readonly ja: NoInfer<Translated<T>>
}): Messages<Translated<T>> {
  return messages as unknown as Messages<Translated<T>>
}

interface LanguageChoice {
  readonly language: Language
  choose(language: Language): void
}

const STORED = 'holdfast.language'
const LanguageContext = createContext<LanguageChoice>({ language: 'en', choose: () => undefined })

/** Gives everything below it a language: the one that was chosen, else the browser's. */
export function LanguageProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const [language, setLanguage] = useState(firstLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const choose = useCallback((wanted: Language) => {
    localStorage.setItem(STORED, wanted)
    setLanguage(wanted)
  }, [])
  const choice = useMemo(() => ({ language, choose }), [language, choose])
  return <LanguageContext value={choice}>{children}</LanguageContext>
}

/** The language of the pages, and the way to change it. */
export function useLanguage(): LanguageChoice {
  return use(LanguageContext)
}

/** The texts of a feature in the language of the pages. */
export function useMessages<T extends Catalog>(messages: Messages<T>): T {
  const { language } = useLanguage()
  return language === 'ja' ? (messages.ja as T) : messages.en
}

/** `1 file`, `2 files`: for English, where words change with their number. */
export function plural(count: number, one: string, many: string): string {
  return `${writtenNumber(count)} ${count === 1 ? one : many}`
}

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'en' || stored === 'ja') return stored
  const wanted = navigator.languages.find((one) => /^(en|ja)\b/.test(one))
  return wanted?.startsWith('ja') === true ? 'ja' : 'en'
}
