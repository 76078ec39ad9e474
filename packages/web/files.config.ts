/**
 * React, and what starts it: in a file of its own it is compiled beside the rest. Whoever looks into a page with a debugger, as tests do,
 * has V8 read all of a file again for each `Error` that is made while it starts, and React makes some.
 */
const REACT = /node_modules\/(react|react-dom|scheduler)\/|packages\/web\/src\/app\/(react|without-stacks)\.ts/

/** What every page has, and the small pages that come first: signing in, and the overview. */
const FRAME = new RegExp(
  [
    'packages/web/src/(main|app/(?!account-choices))',
    'packages/web/src/ui/(page|section|figures|format|empty-state|failure-notice|waiting|run-state-badge|written-numbers|field-)',
    'packages/web/src/features/(overview|sign-in)/(?!session-ended)',
  ].join('|'),
)

/** What lists are made of, and the first of them: nothing that opens when somebody asks for it. */
const LISTS = new RegExp(
  [
    'node_modules/@tanstack/(react-)?virtual',
    'packages/web/src/ui/(virtual-list|row-list|search-field|choices-failure|tries|one-mutation|linked-list)',
    'packages/web/src/app/endless',
    'packages/web/src/features/clients/(client-list|client-filters|clients-page|queries|live-run)',
  ].join('|'),
)

/** What floats above a page. */
const OVERLAYS =
  /@floating-ui|react-remove-scroll|@mantine\/core\/esm\/components\/(Menu|Popover|Tooltip|Modal|ScrollArea|Combobox|Select|MultiSelect)\//

/** What is filled in, which opens when somebody asks for it or has a page of its own. */
const FORMS = new RegExp(
  [
    'react-number-format|@mantine/core/esm/components/(NumberInput|TagsInput|Radio|SegmentedControl|Textarea)/',
    'packages/web/src/features/(retention/retention-fields|restores/(restore-dialog|[a-z]+-form|target-fields)|clients/folder-tree)',
  ].join('|'),
)

interface FileGroup {
  readonly name: string
  readonly test: RegExp
  /** In how many files it would be otherwise, at least. */
  readonly minShareCount?: number
  /** What several groups would take goes to the highest. */
  readonly priority?: number
  /** Whether what it imports comes along. */
  readonly includeDependenciesRecursively?: boolean
}

/** What goes into one file; the rest is beside the page that needs it. Few files instead of one for each icon and component. */
export const FILES: readonly FileGroup[] = [
  { name: 'react', test: REACT, priority: 3 },
  { name: 'frame', test: FRAME, priority: 2 },
  { name: 'lists', test: LISTS, priority: 1 },
  { name: 'overlays', test: OVERLAYS, priority: 1 },
  { name: 'forms', test: FORMS, minShareCount: 2, priority: 1, includeDependenciesRecursively: false },
  { name: 'components', test: /@mantine|@floating-ui|@tabler|@tanstack|packages\/web\/src\/ui/, minShareCount: 3 },
  { name: 'pieces', test: /packages\/web\/src\/features\/(?!sign-in|account)/, minShareCount: 4 },
]
