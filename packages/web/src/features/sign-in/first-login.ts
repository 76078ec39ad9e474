/** What a server prints for the first login, to be typed by nobody. */
export interface FirstLogin {
  readonly username: string
  readonly password: string
}

const NOTHING: FirstLogin = { username: '', password: '' }

/** Reads what stands behind the `#` of the address that a server prints when it is started for the first time. */
export function parseFirstLogin(hash: string): FirstLogin {
  const texts = new URLSearchParams(hash.replace(/^#/, ''))
  const [username, password] = [texts.get('username'), texts.get('password')]
  return username === null || password === null ? NOTHING : { username, password }
}

let taken: FirstLogin | undefined

/** What the address says for the first login. It is taken out of the address, so that it stays in no history. */
export function takeFirstLogin(): FirstLogin {
  if (taken !== undefined) return taken
  taken = parseFirstLogin(window.location.hash)
  if (taken !== NOTHING) window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
  return taken
}

/** Forgets it, once somebody is signed in: whoever signs out later finds no password in the form. */
export function forgetFirstLogin(): void {
  taken = NOTHING
}
