/** What the server lets single sign-on come back to; browsers are no stricter. */
const PATH = /^\/([\w.~%&=+:@,;-][\w.~%&=+:@,;/?#-]*)?$/
const LENGTH_MAX = 500

/**
 * Where to go after signing in: a path of this server and nothing else, however a link was made up. What is none, and the page where
 * people sign in, give the first page.
 */
export function pathToReturnTo(text: string | undefined): string {
  // Searches for files have stars in them, which browsers leave as they are.
  const path = text?.replaceAll('*', '%2A')
  if (path === undefined || path.length > LENGTH_MAX || !PATH.test(path)) return '/'
  return /^\/sign-in([/?#]|$)/.test(path) ? '/' : path
}
