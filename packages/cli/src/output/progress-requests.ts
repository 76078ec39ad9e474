/** Told when the user asks how far things are (SIGUSR1). Whoever runs the process calls them. */
export const progressRequests: Set<() => void> = new Set()
