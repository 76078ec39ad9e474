import type { PlanDraft } from './plan-draft.ts'

/** What a plan cannot be saved without: the message for each field that has none of it. */
export function draftProblems(
  draft: PlanDraft,
  text: { readonly needsName: string; readonly needsFolders: string; readonly needsCommand: string },
): Readonly<Record<string, string>> {
  const commands = Object.entries(draft.hooks).flatMap(([place, list]) =>
    list.flatMap(({ line }, index) => (line.trim() === '' ? [[`hooks.${place}.${index}.line`, text.needsCommand] as const] : [])),
  )
  return {
    ...Object.fromEntries(commands),
    ...(draft.name.trim() === '' ? { name: text.needsName } : {}),
    ...(draft.selection.paths.length === 0 ? { 'selection.paths': text.needsFolders } : {}),
  }
}
