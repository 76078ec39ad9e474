import type { Hooks } from '@holdfast/protocol'
import type { PlanDraft } from './plan-draft.ts'

/** What a plan cannot be saved without: the message for each field that has none of it. */
export function draftProblems(
  draft: PlanDraft,
  text: { readonly needsName: string; readonly needsFolders: string; readonly needsCommand: string },
): Readonly<Record<string, string>> {
  const commands = Object.entries(commandProblems(draft.hooks, text.needsCommand))
  return {
    ...Object.fromEntries(commands.map(([path, words]) => [`hooks.${path}`, words])),
    ...(draft.name.trim() === '' ? { name: text.needsName } : {}),
    ...(draft.selection.paths.length === 0 ? { 'selection.paths': text.needsFolders } : {}),
  }
}

/** The same message for each command that is empty, by its path below the hooks: `pre.0.line`. */
export function commandProblems(hooks: Hooks, needsCommand: string): Readonly<Record<string, string>> {
  const empty = Object.entries(hooks).flatMap(([place, list]) =>
    list.flatMap(({ line }, index) => (line.trim() === '' ? [[`${place}.${index}.line`, needsCommand] as const] : [])),
  )
  return Object.fromEntries(empty)
}
