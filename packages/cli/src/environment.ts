/** A variable that `holdfast` reads. `names` are tried in order; the first one that is set and not empty counts. */
export interface Variable {
  readonly names: readonly string[]
  readonly meaning: string
}

/** Reads `RESTIC_<name>`, and before it `HOLDFAST_<name>`. */
function shared(name: string, meaning: string): Variable {
  return { names: [`HOLDFAST_${name}`, `RESTIC_${name}`], meaning }
}

function own(name: string, meaning: string): Variable {
  return { names: [name], meaning }
}

/** Every variable that the command reads, by the name under which the code asks for it. The reference of the environment is held to it. */
export const VARIABLES = {
  repository: shared('REPOSITORY', 'Location of the repository, as `--repo`.'),
  repositoryFile: shared('REPOSITORY_FILE', 'File with the location of the repository, as `--repository-file`.'),
  password: shared('PASSWORD', 'The password of the repository.'),
  passwordFile: shared('PASSWORD_FILE', 'File with the password, as `--password-file`.'),
  passwordCommand: shared('PASSWORD_COMMAND', 'Command that prints the password, as `--password-command`.'),
  keyHint: shared('KEY_HINT', 'ID of the key to try first, as `--key-hint`.'),
  fromRepository: shared('FROM_REPOSITORY', 'Repository that `copy` reads from, as `--from-repo`.'),
  fromRepositoryFile: shared('FROM_REPOSITORY_FILE', 'File with its location, as `--from-repository-file`.'),
  fromPassword: shared('FROM_PASSWORD', 'Its password.'),
  fromPasswordFile: shared('FROM_PASSWORD_FILE', 'File with its password, as `--from-password-file`.'),
  fromPasswordCommand: shared('FROM_PASSWORD_COMMAND', 'Command that prints its password, as `--from-password-command`.'),
  fromKeyHint: shared('FROM_KEY_HINT', 'ID of its key to try first, as `--from-key-hint`.'),
  cacheDir: shared('CACHE_DIR', 'Folder of the cache, as `--cache-dir`.'),
  cacert: shared('CACERT', 'Certificates to trust, separated by commas, as `--cacert`.'),
  tlsClientCert: shared('TLS_CLIENT_CERT', 'Client certificate and key, as `--tls-client-cert`.'),
  compression: shared('COMPRESSION', 'Compression mode, as `--compression`.'),
  packSize: shared('PACK_SIZE', 'Size of pack files in MiB, as `--pack-size`.'),
  readConcurrency: shared('READ_CONCURRENCY', 'How many files `backup` reads at once, as `--read-concurrency`.'),
  ignoreInode: shared('IGNORE_INODE', 'Whether `backup` ignores inodes, as `--ignore-inode`.'),
  ignoreCtime: shared('IGNORE_CTIME', 'Whether `backup` ignores change times, as `--ignore-ctime`.'),
  host: shared('HOST', 'Name of this host for new snapshots, and the host whose snapshots are meant, as `--host`.'),
  progressFps: shared('PROGRESS_FPS', 'How often a second progress is shown or, with `--json`, printed.'),
  httpUserAgent: shared('HTTP_USER_AGENT', 'What HTTP requests say about the program, as `--http-user-agent`.'),
  restUsername: shared('REST_USERNAME', 'User name for `rest:` repositories.'),
  restPassword: shared('REST_PASSWORD', 'Password for `rest:` repositories.'),
  awsAccessKeyId: own('AWS_ACCESS_KEY_ID', 'Key for `s3:` repositories.'),
  awsSecretAccessKey: own('AWS_SECRET_ACCESS_KEY', 'Secret of that key.'),
  awsSessionToken: own('AWS_SESSION_TOKEN', 'Session token, where the key is a temporary one.'),
  awsDefaultRegion: { names: ['AWS_DEFAULT_REGION', 'AWS_REGION'], meaning: 'Region of the bucket.' },
  awsProfile: own('AWS_PROFILE', 'Section of the credentials file to use; `default` when it is not set.'),
  awsSharedCredentialsFile: own('AWS_SHARED_CREDENTIALS_FILE', 'Credentials file; `~/.aws/credentials` when it is not set.'),
  dataFolder: own('HOLDFAST_DATA', 'Folder in which `holdfast start` keeps its repository; `./data` when it is not set.'),
  serverUrl: own('SERVER_URL', 'The server of `holdfast agent`.'),
  serverUsername: own('USERNAME', 'Who the agent comes in as.'),
  serverPassword: own('PASSWORD', 'With which password; it is used once and not kept.'),
  clientName: own('CLIENT_NAME', 'What the server calls this machine; its host name when it is not set.'),
  monitoredPaths: own('MONITORED_PATHS', 'Folders that the agent asks the server to protect, separated by commas.'),
  preCommands: own('PRE_COMMANDS', 'Commands that the agent carries out before each backup, separated by semicolons.'),
  pingInterval: own('PING_INTERVAL', 'Seconds between two signs of life of the agent; 30 when it is not set.'),
  backupInterval: own('BACKUP_INTERVAL', 'Seconds between two backups that the agent asks for; a day when it is not set.'),
  agentPage: own('CLIENT_UI_ENABLED', '`false`: the agent shows no page.'),
  agentPageHost: own('HOLDFAST_AGENT_PAGE_HOST', 'Address of the page of the agent; `127.0.0.1` when it is not set.'),
  agentPagePort: own('HOLDFAST_AGENT_PAGE_PORT', 'Port of the page of the agent; `8080` when it is not set.'),
  agentState: own(
    'HOLDFAST_AGENT_STATE',
    'Where the agent keeps its token; `/var/lib/holdfast-agent` or below `~/.local/state` when it is not set.',
  ),
  agentPolicy: own('HOLDFAST_AGENT_POLICY', 'What the server may do here, as `--policy`.'),
  allowCommands: own(
    'HOLDFAST_ALLOW_COMMANDS',
    '`true`: the agent carries out commands that the server sends, unless the policy says otherwise.',
  ),
  allowRestores: own(
    'HOLDFAST_ALLOW_RESTORES',
    '`true`: the agent restores what the server tells it to, unless the policy says otherwise.',
  ),
  xdgStateHome: own('XDG_STATE_HOME', 'The state of an agent of another user than root is below it.'),
  xdgCacheHome: own('XDG_CACHE_HOME', 'The cache is in `restic/` below it.'),
  sshAuthSock: own('SSH_AUTH_SOCK', 'Socket of the SSH agent for `sftp:` repositories.'),
  httpProxy: { names: ['http_proxy', 'HTTP_PROXY'], meaning: 'Proxy for `http:` servers.' },
  httpsProxy: { names: ['https_proxy', 'HTTPS_PROXY'], meaning: 'Proxy for `https:` servers.' },
  noProxy: { names: ['no_proxy', 'NO_PROXY'], meaning: 'Hosts that are reached without a proxy, separated by commas.' },
  home: own('HOME', 'Where `~` is: cache, SSH keys, known hosts and credentials are below it.'),
  user: { names: ['USER', 'LOGNAME'], meaning: 'Who logs in at an `sftp:` repository that names nobody.' },
  noColor: own('NO_COLOR', 'Anything but the empty text switches colours off.'),
  term: own('TERM', '`dumb` switches colours and moving progress off.'),
} as const satisfies Readonly<Record<string, Variable>>

/** The name under which the code asks for a variable. */
export type VariableName = keyof typeof VARIABLES

/** The only way to the environment of the process. */
export class Environment {
  readonly #values: Readonly<Record<string, string | undefined>>

  constructor(values: Readonly<Record<string, string | undefined>> = process.env) {
    this.#values = values
  }

  /** The value of a variable; undefined where it is not set or empty, as restic takes it. */
  get(name: VariableName): string | undefined {
    const { names } = VARIABLES[name]
    return names.map((one) => this.#values[one]).find((value) => value !== undefined && value !== '')
  }

  /** The name of the variable that {@link get} takes the value from, for messages. */
  nameOf(name: VariableName): string {
    const { names } = VARIABLES[name]
    return names.find((one) => this.#values[one] !== undefined && this.#values[one] !== '') ?? names[0]
  }

  /** Everything that is set, for the settings of the server, which has a table of its own. */
  all(): Readonly<Record<string, string | undefined>> {
    return this.#values
  }

  /** A variable that a pattern file names. Empty where it is not set. */
  expand(name: string): string {
    return this.#values[name] ?? ''
  }
}
