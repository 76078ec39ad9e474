import type { RepositorySecrets } from './repository-access.ts'
import type { StoredRepository } from './store.ts'

/** What somebody needs to restore with nothing but restic, as a text to print and lock away. */
export function recoveryKit({ name, location, kind }: StoredRepository, { password, credentials }: RepositorySecrets): string {
  const variables = { RESTIC_REPOSITORY: location, RESTIC_PASSWORD: password, ...storageVariables(kind, credentials) }
  return `# Recovery kit of the repository “${name}”

Whoever has this page can read every backup in the repository, and whoever has lost it, and the server, cannot. Keep it where neither fire
nor thief takes it together with the server.

The repository has the format of restic (https://restic.net): no Holdfast is needed to restore from it.

1. Install restic (\`apt-get install restic\`, \`brew install restic\`, …).
2. In a shell:

\`\`\`sh
${Object.entries(variables)
  .map(([variable, value]) => `export ${variable}=${quoted(value)}`)
  .join('\n')}
restic snapshots
restic restore latest --target ./restored
\`\`\`

\`restic snapshots\` lists what there is; \`latest\` may be any ID of that list, and \`--include /path\` restores a part.
${kind === 'sftp' ? '\nThe SSH key or password of the server is not on this page.\n' : ''}`
}

function storageVariables(kind: StoredRepository['kind'], credentials: RepositorySecrets['credentials']): Record<string, string> {
  const { accessKeyId, secretAccessKey, region, username, password } = credentials
  const values =
    kind === 's3'
      ? { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_DEFAULT_REGION: region }
      : kind === 'rest'
        ? { RESTIC_REST_USERNAME: username, RESTIC_REST_PASSWORD: password }
        : {}
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
