import type { PlanDraft } from './plan-draft.ts'

/** What a plan cannot be saved without: the message for each field that has none of it. */
export function draftProblems(
  draft: PlanDraft,
  text: { readonly needsName: string; readonly needsFolders: string },
): Readonly<Record<string, string>> {
  return {
    ...(draft.name.trim() === '' ? { name: text.needsName } : {}),
    ...(draft.selection.paths.length === 0 ? { 'selection.paths': text.needsFolders } : {}),
  }
}
