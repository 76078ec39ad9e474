import type { FastifyRequest } from 'fastify'
import { isServerError, ServerError } from '../../errors.ts'
import type { Spool, SpooledFile } from './spool.ts'

/** What came with an upload. */
export interface UploadForm {
  readonly fields: Readonly<Record<string, string>>
  /** Undefined where no file was sent. */
  readonly spooled: SpooledFile | undefined
}

/** Where the file of an upload goes, and how large it may be. */
export interface UploadRoom {
  readonly spool: Spool
  readonly roomBytes: number
}

/**
 * Takes the form of an upload, whose file may come before or behind the fields that belong to it, and any number of bytes after another.
 * When it throws, nothing is left in the spool.
 * @throws {ServerError} `request.invalid` for what is no such form or ends too soon, `request.too-large`,
 * `quota.exceeded`, `server.unavailable`
 */
export async function readUploadForm(request: FastifyRequest, { spool, roomBytes }: UploadRoom): Promise<UploadForm> {
  if (!request.isMultipart()) throw new ServerError('request.invalid', 'The body must be multipart/form-data')
  const fields: Record<string, string> = {}
  let spooled: SpooledFile | undefined
  try {
    for await (const part of request.parts()) {
      if (part.type === 'field') fields[part.fieldname] = String(part.value)
      else if (part.fieldname === 'file' && spooled === undefined) {
        spooled = await spool.take(part.file, roomBytes)
        if (part.file.truncated) throw new ServerError('request.too-large', 'The file is too large')
      } else part.file.resume()
    }
    return { fields, spooled }
  } catch (error) {
    if (spooled !== undefined) await spool.remove(spooled.path)
    if (isOfBody(error)) throw new ServerError('request.invalid', `The body cannot be read: ${error.message}`, { cause: error })
    throw error
  }
}

/** Errors of the parser have no code; the disk's, the database's and those of the plugin, which have a status, do. */
function isOfBody(error: unknown): error is Error {
  if (!(error instanceof Error) || isServerError(error)) return false
  return !('code' in error) || error.code === 'ECONNRESET'
}
