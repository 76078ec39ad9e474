/** Tags that a snapshot must have all of. An empty tag stands for "no tags". */
export type TagList = readonly string[]

/**
 * The tags of one `--tag` or `--keep-tag`: separated by commas, white space around each is not part of it. `''` is a list of one empty tag.
 */
export function parseTagList(text: string): TagList {
  return text.split(',').map((tag) => tag.trim())
}

/** A tag list as restic writes it in reasons and messages: `[home, weekly]`. */
export function formatTagList(tags: TagList): string {
  return `[${tags.join(', ')}]`
}

/**
 * Whether a snapshot with the tags `present` has all of `wanted`. An empty tag is fulfilled by having no tags, and then, as in restic, the
 * rest of the list is not looked at.
 */
export function hasTags(present: readonly string[] | undefined, wanted: TagList): boolean {
  for (const tag of wanted) {
    if (tag === '' && (present === undefined || present.length === 0)) return true
    if (present?.includes(tag) !== true) return false
  }
  return true
}

/** Whether at least one of the lists is fulfilled; no lists at all are fulfilled by everything. */
export function hasAnyTagList(present: readonly string[] | undefined, lists: readonly TagList[]): boolean {
  return lists.length === 0 || lists.some((wanted) => hasTags(present, wanted))
}
