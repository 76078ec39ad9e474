import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { type BlobId, encodeBlobNames, openRepository, openStorage, parseLocation } from '@holdfast/engine'
import { encodeProofs } from '@holdfast/protocol'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { allDatabases } from '../../testing/test-server.ts'
import { UPLOAD_PASSWORD, UploadServer } from '../../testing/upload-server.ts'

/** The answers of the server to a question. */
const [HAVE, _SEND, PROVE] = [0, 1, 2]
const MIB = 1024 * 1024

interface Blob {
  readonly type: 'data' | 'tree'
  readonly plaintext: Buffer
}

for (const databases of allDatabases()) {
  describe(`a hostile agent on ${databases.name}`, () => {
    let server: UploadServer
    beforeEach(async () => {
      server = await UploadServer.start({ databaseUrl: await databases.create() })
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('gets nothing for hashes of what others have', async () => {
      const secret = data(randomBytes(5000))
      await commitFile(1, secret)
      const upload = await open(2)
      // It knows the ids of the other's file and tree, and claims them.
      const stolen = treeOf(secret)
      expect((await ask(upload, [secret, stolen])).verdicts).toEqual([PROVE, PROVE])
      expect((await commit(upload, stolen)).status).toBe(422)

      const second = await open(2)
      const { nonce } = await ask(second, [secret])
      expect(await prove(second, { nonce, blobs: [secret], proofs: [randomBytes(32)] })).toBe(422)
      const third = await open(2)
      const own = treeOf(secret)
      await ask(third, [own])
      expect(await send(third, [treeFrame(own)])).toBe(204)
      const refused = await commit(third, own)
      expect([refused.status, refused.body]).toEqual([422, expect.stringContaining('were not sent that trees name')])
      expect((await readTrees(await open(2), [stolen])).length).toBe(0)
      await expectContent({ snapshots: 1, absent: [] })
    })

    it('cannot use a proof again, in another upload, or for another blob', async () => {
      const [first, other] = [data(randomBytes(5000)), data(randomBytes(5000))]
      await commitFile(1, first)
      await commitFile(1, other)
      const upload = await open(2)
      const { nonce } = await ask(upload, [first])
      const proofs = [hmac(nonce, first)]
      expect(await prove(await open(2), { nonce, blobs: [first], proofs })).toBe(422)
      expect(await prove(upload, { nonce, blobs: [first], proofs })).toBe(204)
      // A lost answer is no crime: nothing is gained by the same proof for the same blob in the same upload.
      expect(await prove(upload, { nonce, blobs: [first], proofs })).toBe(204)
      expect((await ask(upload, [first])).verdicts).toEqual([HAVE])
      expect(await prove(upload, { nonce, blobs: [other], proofs: [hmac(nonce, other)] })).toBe(422)
      expect((await fetchStatus(`/agent/v1/uploads/${upload.id}/ids`, upload.token, encodeBlobNames([named(first)]))).status).toBe(422)
      // What was shown in one upload has to be shown again in the next, as long as no snapshot names it.
      expect((await ask(await open(2), [first])).verdicts).toEqual([PROVE])
    })

    it('cannot store what is not what it says', async () => {
      const honest = data(randomBytes(3000))
      const lies: readonly (readonly [string, Buffer])[] = [
        ['another id', frame(honest, { id: sha256('x') })],
        ['a longer plaintext', frame(honest, { plaintextLength: 3001 })],
        ['a shorter plaintext', compressed(honest, { plaintextLength: 2999 })],
        ['more content', frame(honest, { contentLength: 3001 })],
        ['a type that is none', frame(honest, { type: 7 })],
        ['an encoding that is none', frame(honest, { encoding: 2 })],
        ['reserved bytes', frame(honest, { reserved: 1 })],
        ['no plaintext', frame(data(Buffer.alloc(0)))],
        ['too large a chunk', frame(data(Buffer.alloc(8 * MIB + 1)))],
        ['4 GiB of plaintext', compressed(honest, { plaintextLength: 0xffff_ffff })],
        ['a zip bomb', compressed(data(Buffer.alloc(600 * MIB)), { plaintextLength: 8 * MIB })],
        ['a tree of 4 GiB', compressed(treeOf(honest), { plaintextLength: 0xffff_ffff })],
        ['no zstd', frame(honest, { encoding: 1 })],
        ['a tree as it is', frame(treeOf(honest))],
        ['no tree', treeFrame({ type: 'tree', plaintext: Buffer.from('{"nodes":') })],
        ['a name that leads elsewhere', treeFrame(treeOf(honest, '../../etc/passwd'))],
        ['a folder without a tree', treeFrame({ type: 'tree', plaintext: Buffer.from('{"nodes":[{"name":"a","type":"dir"}]}') })],
        ['a crowd', treeFrame({ type: 'tree', plaintext: Buffer.from(`{"nodes":[${'{},'.repeat(1_000_000)}{}]}`) })],
        ['half a frame', frame(honest).subarray(0, 1000)],
        ['noise', randomBytes(100_000)],
      ]
      for (const [what, bytes] of lies) {
        const upload = await open(1)
        expect([what, await send(upload, [bytes])]).toEqual([what, 422])
        // Nothing counts any more after a lie.
        expect([what, await send(upload, [frame(honest)])]).toEqual([what, 422])
        expect([what, (await commit(upload, treeOf(honest))).status]).toEqual([what, 422])
      }
      await expectContent({ snapshots: 0, absent: [honest, treeOf(honest), data(Buffer.alloc(8 * MIB + 1))] })
    }, 60_000)

    it('does not make the memory grow', async () => {
      const bomb = compressed(data(Buffer.alloc(400 * MIB)), { plaintextLength: 8 * MIB })
      const endless = Buffer.concat([frame(data(randomBytes(MIB))).subarray(0, 44 + MIB)])
      await send(await open(1), [bomb])
      const before = process.memoryUsage().rss
      for (let round = 0; round < 30; round++) {
        expect(await send(await open(1), [bomb])).toBe(422)
        expect(
          await send(
            await open(2),
            Array.from({ length: 70 }, () => endless),
          ),
        ).toBe(413)
        expect((await fetchStatus(`/agent/v1/uploads/${(await open(1)).id}/ids`, 'token-1', Buffer.alloc(10 * MIB))).status).toBe(413)
      }
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB)
      expect(server.uploads.count).toBeLessThanOrEqual(8)
    }, 120_000)

    it('cannot commit what it has not sent, nor as somebody else', async () => {
      const [content, absent] = [data(randomBytes(2000)), data(randomBytes(2000))]
      const upload = await open(1)
      const folder = folderOf(treeOf(absent))
      expect(await send(upload, [frame(content), treeFrame(folder), treeFrame(treeOf(absent))])).toBe(204)
      expect((await commit(upload, folder)).status).toBe(422)
      expect((await commit(await open(1), treeOf(content))).status).toBe(422)

      const foreign = await open(1)
      expect((await commit({ ...foreign, token: 'token-2' }, treeOf(content))).status).toBe(404)
      expect((await fetchStatus(`/agent/v1/uploads/${foreign.id}`, 'token-2', undefined)).status).toBe(404)
      const sound = await open(1)
      await send(sound, [frame(content), treeFrame(treeOf(content))])
      const forged = { hostname: 'client-2', username: 'root', time: '2999-01-01T00:00:00Z' }
      const accepted = await commit(sound, treeOf(content), forged)
      expect([accepted.status, accepted.body]).toEqual([200, expect.stringContaining('snapshotId')])
      expect((await commit(sound, treeOf(content))).body).toBe(accepted.body)
      const [row] = await server.database.queries.selectFrom('snapshots').selectAll().execute()
      expect(row).toMatchObject({ client_id: 1, hostname: 'client-1' })
      expect(row?.time).toBeLessThan(Date.parse('2100-01-01'))
      await expectContent({ snapshots: 1, absent: [absent] })
    })

    it('cannot have others rely on what a prune has taken', async () => {
      const content = data(randomBytes(2000))
      await commitFile(1, content)
      const pause = await server.hosts.of(1).pause({ graceMs: 0 })
      for (const kind of ['snapshots', 'index', 'data']) emptyFolder(join(server.repositoryFolder, kind))
      await pause[Symbol.asyncDispose]()
      // The second client brings the tree back, without what it names; a commit of something else makes it durable.
      expect(await send(await open(2), [treeFrame(treeOf(content))])).toBe(204)
      await commitFile(2, data(randomBytes(2000)))
      const upload = await open(1)
      expect((await ask(upload, [treeOf(content)])).verdicts).toEqual([PROVE])
      expect((await commit(upload, treeOf(content))).status).toBe(422)
    })

    it('harms nobody by bodies that break off', async () => {
      const whole = data(randomBytes(500_000))
      const upload = await open(1)
      const bytes = Buffer.concat([frame(whole), frame(data(randomBytes(500_000))).subarray(0, 300_000)])
      await breakOff(upload, bytes)
      // The frame that came whole counts, once it is seen that the rest does not come.
      await expect.poll(async () => (await ask(upload, [whole])).verdicts).toEqual([HAVE])
      expect(await send(upload, [treeFrame(treeOf(whole))])).toBe(204)
      expect((await commit(upload, treeOf(whole))).status).toBe(200)
    })

    interface OpenUpload {
      readonly id: string
      readonly token: string
    }

    async function open(client: 1 | 2): Promise<OpenUpload> {
      const token = `token-${client}`
      const { status, bytes } = await fetchStatus('/agent/v1/uploads', token, { repositoryId: 1, paths: ['/data'] })
      expect(status, bytes.toString()).toBe(200)
      return { id: (JSON.parse(bytes.toString()) as { uploadId: string }).uploadId, token }
    }

    async function ask(upload: OpenUpload, blobs: readonly Blob[]): Promise<{ readonly nonce: Buffer; readonly verdicts: number[] }> {
      const { status, bytes } = await fetchStatus(`/agent/v1/uploads/${upload.id}/ids`, upload.token, encodeBlobNames(blobs.map(named)))
      expect(status, bytes.toString()).toBe(200)
      return { nonce: bytes.subarray(0, 32), verdicts: [...bytes.subarray(32)] }
    }

    async function prove(
      upload: OpenUpload,
      claim: { readonly nonce: Buffer; readonly blobs: readonly Blob[]; readonly proofs: readonly Buffer[] },
    ): Promise<number> {
      const names = encodeBlobNames(claim.blobs.map(named))
      const body = encodeProofs({ nonce: claim.nonce, names, proofs: Buffer.concat(claim.proofs) })
      return (await fetchStatus(`/agent/v1/uploads/${upload.id}/proofs`, upload.token, body)).status
    }

    async function send(upload: OpenUpload, frames: readonly Buffer[]): Promise<number> {
      return (await fetchStatus(`/agent/v1/uploads/${upload.id}/blobs`, upload.token, Buffer.concat(frames))).status
    }

    async function readTrees(upload: OpenUpload, trees: readonly Blob[]): Promise<Buffer> {
      const body = { trees: trees.map(({ plaintext }) => sha256(plaintext)) }
      return (await fetchStatus(`/agent/v1/uploads/${upload.id}/trees`, upload.token, body)).bytes
    }

    async function commit(upload: OpenUpload, tree: Blob, more: object = {}): Promise<{ readonly status: number; readonly body: string }> {
      const body = { tree: sha256(tree.plaintext), time: '2026-01-01T00:00:00Z', paths: ['/data'], ...more }
      const { status, bytes } = await fetchStatus(`/agent/v1/uploads/${upload.id}/commit`, upload.token, body)
      return { status, body: bytes.toString() }
    }

    async function commitFile(client: 1 | 2, content: Blob): Promise<void> {
      const upload = await open(client)
      expect(await send(upload, [frame(content), treeFrame(treeOf(content))])).toBe(204)
      expect((await commit(upload, treeOf(content))).status).toBe(200)
    }

    /** A request on a connection of its own, whose answer may come before all of it was sent. */
    function fetchStatus(
      path: string,
      token: string,
      body: Uint8Array | object | undefined,
    ): Promise<{ readonly status: number; readonly bytes: Buffer }> {
      const isBytes = body instanceof Uint8Array
      return new Promise((resolve, reject) => {
        const type = isBytes ? 'application/octet-stream' : 'application/json'
        const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': type }) }
        const outgoing = request(`${server.url}${path}`, { method: body === undefined ? 'DELETE' : 'POST', headers, agent: false })
        let isAnswered = false
        outgoing.on('response', (response) => {
          isAnswered = true
          const pieces: Buffer[] = []
          response.on('data', (piece: Buffer) => pieces.push(piece))
          response.on('close', () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(pieces) }))
        })
        outgoing.on('error', (error) => (isAnswered ? undefined : reject(error)))
        outgoing.end(isBytes ? body : JSON.stringify(body))
      })
    }

    function breakOff(upload: OpenUpload, bytes: Buffer): Promise<void> {
      return new Promise((resolve) => {
        const headers = {
          authorization: `Bearer ${upload.token}`,
          'content-type': 'application/octet-stream',
          'content-length': bytes.length * 2,
        }
        const outgoing = request(`${server.url}/agent/v1/uploads/${upload.id}/blobs`, { method: 'POST', headers, agent: false })
        outgoing.on('error', () => resolve())
        outgoing.write(bytes, () => outgoing.destroy(new Error('broken off')))
      })
    }

    async function expectContent(expected: { readonly snapshots: number; readonly absent: readonly Blob[] }): Promise<void> {
      server.uploads.close()
      await server.hosts.close({ graceMs: 0 })
      const storage = await openStorage(parseLocation(server.repositoryFolder), {})
      const indexed = await (await openRepository(storage, { password: UPLOAD_PASSWORD })).loadIndex()
      expect(await Array.fromAsync(storage.list('snapshots'))).toHaveLength(expected.snapshots)
      for (const { type, plaintext } of expected.absent) expect(indexed.index.has(type, sha256(plaintext))).toBe(false)
      await storage.close()
    }
  })
}

function emptyFolder(folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) rmSync(join(entry.parentPath, entry.name))
  }
}

function data(plaintext: Buffer): Blob {
  return { type: 'data', plaintext }
}

function treeOf(content: Blob, name = 'file'): Blob {
  return tree(
    `{"name":${JSON.stringify(name)},"type":"file","size":${content.plaintext.length},"content":["${sha256(content.plaintext)}"]}`,
  )
}

function folderOf(child: Blob): Blob {
  return tree(`{"name":"folder","type":"dir","mode":2147484141,"content":null,"subtree":"${sha256(child.plaintext)}"}`)
}

function tree(node: string): Blob {
  return { type: 'tree', plaintext: Buffer.from(`{"nodes":[${node}]}\n`) }
}

function named({ type, plaintext }: Blob): { readonly type: 'data' | 'tree'; readonly id: BlobId } {
  return { type, id: sha256(plaintext) }
}

function sha256(content: Buffer | string): BlobId {
  return createHash('sha256').update(content).digest('hex') as BlobId
}

function hmac(nonce: Buffer, { plaintext }: Blob): Buffer {
  return createHmac('sha256', nonce).update(plaintext).digest()
}

interface Lies {
  readonly id?: string
  readonly type?: number
  readonly encoding?: number
  readonly reserved?: number
  readonly plaintextLength?: number
  readonly contentLength?: number
  readonly content?: Buffer
}

/** A frame as the protocol wants it, but for the lies. */
function frame(blob: Blob, lies: Lies = {}): Buffer {
  const content = lies.content ?? blob.plaintext
  const head = Buffer.alloc(44)
  head.write(lies.id ?? sha256(blob.plaintext), 0, 32, 'hex')
  head[32] = lies.type ?? (blob.type === 'tree' ? 1 : 0)
  head[33] = lies.encoding ?? 0
  head[34] = lies.reserved ?? 0
  head.writeUInt32LE(lies.plaintextLength ?? blob.plaintext.length, 36)
  head.writeUInt32LE(lies.contentLength ?? content.length, 40)
  return Buffer.concat([head, content])
}

function compressed(blob: Blob, lies: Lies = {}): Buffer {
  return frame(blob, { content: zstdCompressSync(blob.plaintext), encoding: 1, ...lies })
}

function treeFrame(blob: Blob): Buffer {
  return compressed(blob)
}
