import { z } from 'zod'
import { passwordSchema } from './accounts.ts'
import { idSchema } from './fields.ts'

/** `GET /api/v1/setup`: how far the server is on the way to its first backup. */
export const setupSchema = z.object({
  /** Whether whoever asks still signs in with the password that the server generated when it was set up. */
  isPasswordGenerated: z.boolean(),
  /** The repository of plans that name none; null while there is none. */
  defaultRepositoryId: idSchema.nullable(),
  /** The folder that is proposed for it, on the server. */
  proposedRepository: z.string(),
  /** Whether this server can protect its own machine: servers that share a database are on several machines. */
  canProtectLocalMachine: z.boolean(),
  /** The machine of the server as a client; null while it is none. */
  localClientId: idSchema.nullable(),
  hasClient: z.boolean(),
  hasFinishedBackup: z.boolean(),
})
export type Setup = z.output<typeof setupSchema>

/** `POST /api/v1/setup/password`: instead of the password that the server made up. */
export const setupPasswordSchema = z.object({ password: passwordSchema })

/** `POST /api/v1/setup/repository`: the proposed repository, as the default one. */
export const setupRepositorySchema = z.object({ repositoryId: idSchema })

/** `POST /api/v1/setup/local-machine`. */
export const localMachineSchema = z.object({ clientId: idSchema })
