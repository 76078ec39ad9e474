/** Whether the address in a command leads a machine to itself: then the command works nowhere but on the server. */
export function leadsToItself(command: string): boolean {
  const address = command.split(' ').find((word) => /^https?:\/\//.test(word))
  if (address === undefined || !URL.canParse(address)) return false
  const { hostname } = new URL(address)
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
