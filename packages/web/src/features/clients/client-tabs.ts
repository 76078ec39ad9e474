/** The parts of a client's page, as they stand there. */
export const CLIENT_TABS = ['overview', 'plans', 'snapshots', 'files', 'logs', 'commands', 'settings', 'access'] as const
export type ClientTab = (typeof CLIENT_TABS)[number]

/** The tab that an address means; the overview for any that there is not. */
export function readTab(tab: string | null | undefined): ClientTab {
  return CLIENT_TABS.find((one) => one === tab) ?? 'overview'
}
