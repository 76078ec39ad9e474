import type { Enrolled } from '@holdfast/protocol'
import { z } from 'zod'
import type { StateFolder } from './state-folder.ts'

const FILE = 'enrolment.json'

const enrolmentSchema = z.object({
  serverUrl: z.string(),
  clientId: z.int(),
  clientName: z.string(),
  /** Below the server's address. */
  pagePath: z.string(),
  token: z.string().min(1),
  /** While a new token takes the place of one, until the server has taken it: the other one. */
  previousToken: z.string().min(1).optional(),
})

/** How a machine is known to its server. The token is all that it needs, and the only secret that an agent keeps. */
export type StoredEnrolment = z.output<typeof enrolmentSchema>

/** The enrolment of this machine; undefined when there is none yet. @throws {AgentError} `state.invalid` */
export function readEnrolment(folder: StateFolder): Promise<StoredEnrolment | undefined> {
  return folder.read(FILE, enrolmentSchema)
}

/** Keeps what the server gave. */
export async function keepEnrolment(folder: StateFolder, serverUrl: string, enrolled: Enrolled): Promise<StoredEnrolment> {
  const { clientId, clientName, pagePath, token } = enrolled
  const enrolment = { serverUrl, clientId, clientName, pagePath, token }
  await folder.write(FILE, enrolment)
  return enrolment
}

/** Keeps other tokens of the same machine. */
export async function keepTokens(
  folder: StateFolder,
  { previousToken: _, ...enrolment }: StoredEnrolment,
  tokens: Pick<StoredEnrolment, 'token' | 'previousToken'>,
): Promise<StoredEnrolment> {
  const kept = { ...enrolment, ...tokens }
  await folder.write(FILE, kept)
  return kept
}

/** Notes that the server has another address now. */
export async function moveEnrolment(folder: StateFolder, enrolment: StoredEnrolment, serverUrl: string): Promise<StoredEnrolment> {
  const moved = { ...enrolment, serverUrl }
  await folder.write(FILE, moved)
  return moved
}
