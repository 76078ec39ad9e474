/** The parts of a client's page, as they stand there. */
const CLIENT_TABS = ['overview', 'plans', 'snapshots', 'files', 'logs', 'commands', 'settings', 'access'] as const
export type ClientTab = (typeof CLIENT_TABS)[number]

/** The tabs for somebody: looking at a machine as it is now takes more than to read what is stored. */
export function tabsFor({ mayManage }: { readonly mayManage: boolean }): readonly ClientTab[] {
  return mayManage ? CLIENT_TABS : CLIENT_TABS.filter((tab) => tab !== 'files')
}

/** The tab of `tabs` that an address means; the overview for any that there is not. */
export function readTab(tab: string | null | undefined, tabs: readonly ClientTab[]): ClientTab {
  return tabs.find((one) => one === tab) ?? 'overview'
}
