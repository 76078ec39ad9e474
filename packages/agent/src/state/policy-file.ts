import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { messageOf } from '@holdfast/engine'
import { blackoutSchema } from '@holdfast/protocol'
import { parse } from 'yaml'
import { z } from 'zod'
import { AgentError } from '../errors.ts'
import type { MachinePolicy } from '../runner/machine-policy.ts'
import type { StateFolder } from './state-folder.ts'

/** Where a policy is looked for when none is named, before the state folder. */
const SYSTEM_FILE = '/etc/holdfast/agent.yaml'
const NAME = 'agent.yaml'

const folderSchema = z.string().startsWith('/', 'must be an absolute path')
const policySchema = z.strictObject({
  commands: z
    .strictObject({
      fromServer: z.enum(['deny', 'listed', 'allow']).optional(),
      lines: z.array(z.string()).default([]),
      patterns: z.array(z.string()).default([]),
      runAs: z.string().min(1).optional(),
    })
    .default({ lines: [], patterns: [] }),
  browsing: z.enum(['allow', 'deny']).default('allow'),
  paths: z
    .strictObject({
      backup: z.array(folderSchema).optional(),
      neverBackup: z.array(folderSchema).default([]),
      restore: z.union([z.array(folderSchema), z.literal('anywhere')]).optional(),
    })
    .default({ neverBackup: [] }),
  limits: z
    .strictObject({
      uploadBytesPerSecond: z.int().min(1024).optional(),
      downloadBytesPerSecond: z.int().min(1024).optional(),
      blackouts: z.array(blackoutSchema).default([]),
      maxDurationMinutes: z.int().min(1).optional(),
    })
    .default({ blackouts: [] }),
})

export interface PolicySources {
  readonly state: StateFolder
  /** A file that has to be there. */
  readonly file: string | undefined
  /** What the agent was started with; a file that says something of the same counts more. */
  readonly allowCommands: boolean
  readonly allowRestores: boolean
}

/**
 * What the owner of the machine allows: by a file, else by how the agent was started, else next to nothing.
 * @throws {AgentError} `policy.invalid` for a file that cannot be read or understood, or that others may change: nothing is allowed then.
 */
export async function loadPolicy({ state, file, allowCommands, allowRestores }: PolicySources): Promise<MachinePolicy> {
  const found = file === undefined ? await firstOf([SYSTEM_FILE, state.pathOf(NAME)]) : await readPolicy(resolve(file))
  const { commands, browsing, paths, limits } = found?.policy ?? policySchema.parse({})
  const own = [state.path, ...(found === undefined ? [] : [found.path]), SYSTEM_FILE]
  return {
    file: found?.path,
    commands: {
      fromServer: commands.fromServer ?? (allowCommands ? 'allow' : 'deny'),
      lines: commands.lines,
      patterns: commands.patterns.map((pattern) => patternOf(pattern, found?.path)),
      runAs: commands.runAs,
    },
    backupPaths: paths.backup,
    neverBackupPaths: [...paths.neverBackup, state.path],
    browsing,
    restorePaths: paths.restore === 'anywhere' ? undefined : (paths.restore ?? (allowRestores ? undefined : [])),
    neverRestorePaths: own,
    limits: {
      blackouts: limits.blackouts,
      ...Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
    },
  }
}

interface FoundPolicy {
  readonly path: string
  readonly policy: z.output<typeof policySchema>
}

async function firstOf(paths: readonly string[]): Promise<FoundPolicy | undefined> {
  for (const path of paths) {
    const isThere = await stat(path).then(
      () => true,
      (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
    )
    if (isThere) return readPolicy(path)
  }
  return undefined
}

async function readPolicy(path: string): Promise<FoundPolicy> {
  try {
    for (const one of [path, dirname(path)]) await requireTrusted(one)
    const policy = policySchema.parse(parse(await readFile(path, 'utf8')) ?? {})
    return { path, policy }
  } catch (cause) {
    if (cause instanceof AgentError) throw cause
    const state = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll(/\s*\n\s*/g, ' ') : messageOf(cause)
    throw new AgentError('policy.invalid', `Cannot use the policy ${path}: ${state}`, { cause })
  }
}

/** Whoever may write a policy may do what the agent may. */
async function requireTrusted(path: string): Promise<void> {
  const { mode, uid } = await stat(path)
  const self = process.getuid?.() ?? 0
  const isSticky = (mode & 0o1000) !== 0
  if (((mode & 0o022) !== 0 && !isSticky) || (uid !== 0 && uid !== self)) {
    throw new AgentError('policy.invalid', `Cannot rely on ${path}: others than root and the agent's user may change it`)
  }
}

/** A pattern has to fit a whole line. */
function patternOf(pattern: string, path: string | undefined): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u')
  } catch (cause) {
    throw new AgentError('policy.invalid', `Cannot use the policy ${path}: ${messageOf(cause)}`, { cause })
  }
}
