/** What a client signs in with, and where its repository is on the server. */
export interface ResticLogin {
  readonly path: string
  readonly username: string
  readonly password: string
}

/** What to type on a machine so that restic uses a repository of this server: the login is in a file, and in no list of processes. */
export function resticCommands(origin: string, { path, username, password }: ResticLogin): string {
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`
  const location = `rest:${origin.replace('//', `//${login}`)}${path}`
  return [
    'umask 077',
    `echo ${quoted(location)} > ~/.restic-location`,
    'export RESTIC_REPOSITORY_FILE=~/.restic-location RESTIC_PASSWORD_FILE=~/.restic-password',
    'restic init',
    'restic backup ~',
  ].join('\n')
}

/** As one word of a shell. `encodeURIComponent` leaves the single quote as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '%27')}'`
}
