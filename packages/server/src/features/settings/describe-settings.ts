import type { Setting } from '@holdfast/protocol'
import { SETTINGS, type SettingRow, type Settings } from '../../config/settings.ts'

/** The settings for people to read: what each is and where it comes from, and of secrets only whether there is one. */
export function describeSettings(settings: Settings): Setting[] {
  return Object.entries(SETTINGS as Readonly<Record<string, SettingRow>>).map(([name, { kind, variables, meaning }]) => {
    const text = String(settings[name as keyof typeof SETTINGS])
    const { place, variable } = settings.origins?.[name as keyof typeof SETTINGS] ?? { place: 'built-in', variable: undefined }
    return {
      ...{ name, kind, meaning, place },
      value: kind === 'secret' ? null : withoutCredentials(text),
      isSet: text !== '',
      variable: variable ?? null,
      variables: [...variables],
    }
  })
}

/** People write names and passwords into URLs. */
function withoutCredentials(text: string): string {
  return text.replace(/^([a-z][a-z\d+.-]*:\/\/)[^/?#]*@/i, '$1…@')
}
