/** What the server lets single sign-on come back to; browsers are no stricter. */
const PATH = /^\/([\w.~%&=+:@,;-][\w.~%&=+:@,;/?#-]*)?$/
const LENGTH_MAX = 500

/**
 * Where to go after signing in: a path of this server and nothing else, however a link was made up. What is none, and the page where
 * people sign in, give the first page.
 */
export function pathToReturnTo(text: string | undefined): string {
  if (text === undefined || text.length > LENGTH_MAX || !PATH.test(text)) return '/'
  return /^\/sign-in([/?#]|$)/.test(text) ? '/' : text
}
