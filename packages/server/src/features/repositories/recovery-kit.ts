import { type ParsedLocation, parseLocation } from '@holdfast/engine'
import type { RepositorySecrets } from './repository-access.ts'
import type { StoredRepository } from './store.ts'

const KEY_FILE = 'holdfast-ssh-key'
const HOSTS_FILE = 'holdfast-known-hosts'
/** No line of a key or of known hosts is this. */
const END_OF_FILE = 'END_OF_HOLDFAST_FILE'

/** What somebody needs to restore with nothing but restic, as a text to print and lock away. Its shell commands work as they stand. */
export function recoveryKit({ name, location }: StoredRepository, secrets: RepositorySecrets): string {
  const { steps, restic, note } = accessSteps(parseLocation(location), { ...secrets, location })
  return `# Recovery kit of the repository “${name}”

Whoever has this page can read every backup in the repository, and whoever has lost it, and the server, cannot. Keep it where neither fire
nor thief takes it together with the server.

The repository has the format of restic (https://restic.net): no Holdfast is needed to restore from it.

1. Install restic (\`apt-get install restic\`, \`brew install restic\`, …).
2. In a shell, in an empty folder:

\`\`\`sh
${steps.join('\n')}
${restic} snapshots
${restic} restore latest --target ./restored
\`\`\`

\`snapshots\` lists what there is; \`latest\` may be any ID of that list, and \`--include /path\` restores a part.
${note}`
}

interface AccessSteps {
  /** Lines of shell that make the storage reachable. */
  readonly steps: readonly string[]
  /** How restic is called after them. */
  readonly restic: string
  /** What else is to be known; empty or with a line break at both ends. */
  readonly note: string
}

interface KnownSecrets extends RepositorySecrets {
  readonly location: string
}

function accessSteps(parsed: ParsedLocation, { password, credentials, location }: KnownSecrets): AccessSteps {
  const { accessKeyId, secretAccessKey, sessionToken, region } = credentials
  const plain = { RESTIC_REPOSITORY: location, RESTIC_PASSWORD: password }
  switch (parsed.scheme) {
    case 'sftp':
      return sftpSteps(parsed, { steps: exportsOf(plain), credentials })
    case 's3': {
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken }
      return { steps: exportsOf({ ...plain, ...keys, AWS_DEFAULT_REGION: region }), restic: 'restic', note: '' }
    }
    case 'rest':
      return { steps: exportsOf({ ...plain, RESTIC_REPOSITORY: withLogin(location, credentials) }), restic: 'restic', note: '' }
    default:
      return { steps: exportsOf(plain), restic: 'restic', note: '' }
  }
}

function sftpSteps(
  { host, port, user }: Extract<ParsedLocation, { scheme: 'sftp' }>,
  { steps, credentials }: { readonly steps: readonly string[]; readonly credentials: RepositorySecrets['credentials'] },
): AccessSteps {
  const { privateKey, knownHosts, password } = credentials
  const as = user ?? credentials.username
  const ssh = [
    'ssh',
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(as === undefined ? [] : ['-l', /^[\w.-]+$/.test(as) ? as : `'${as}'`]),
    ...(privateKey === undefined ? [] : ['-i', KEY_FILE]),
    ...(knownHosts === undefined ? [] : ['-o', `UserKnownHostsFile=${HOSTS_FILE}`]),
    ...[host, '-s', 'sftp'],
  ]
  const files = [...fileSteps(KEY_FILE, privateKey), ...fileSteps(HOSTS_FILE, knownHosts)]
  const noteOfKey = '\nThe SSH key by which the server reached this storage is not on this page.\n'
  const noteOfPassword = `\nssh asks for the password of the storage: \`${password}\`\n`
  return {
    steps: ['umask 077', ...steps, ...files],
    restic: `restic -o sftp.command=${quoted(ssh.join(' '))}`,
    note: password !== undefined ? noteOfPassword : privateKey === undefined ? noteOfKey : '',
  }
}

function fileSteps(name: string, content: string | undefined): readonly string[] {
  return content === undefined ? [] : [`cat > ${name} <<'${END_OF_FILE}'`, content.replace(/\n+$/, ''), END_OF_FILE]
}

/** Older versions of restic take the login of a REST server in its address alone. */
function withLogin(location: string, { username, password }: RepositorySecrets['credentials']): string {
  if (username === undefined) return location
  return location.replace('//', `//${encodeURIComponent(username)}:${encodeURIComponent(password ?? '')}@`)
}

function exportsOf(variables: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(variables).flatMap(([variable, value]) => (value === undefined ? [] : [`export ${variable}=${quoted(value)}`]))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
