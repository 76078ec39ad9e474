import { FILE_KINDS, type FileKind } from '../storage.ts'
import { demand, demandRejection, type Probe, type ProbeFile, sameBytes, settleAll } from './probe.ts'

/** Sizes of the checks, which a slow or costly storage may want smaller. */
export interface ContractSizes {
  /** Default 32 MiB: twice a pack. */
  readonly largeFileBytes: number
  /** Default 64. Above 1000, S3 answers a listing in several pages. */
  readonly manyFiles: number
}

/** One promise of the contract of `Storage` and how it is put to the test. Rejects with `storage.contract` when it is broken. */
export interface ContractCheck {
  readonly name: string
  run(probe: Probe, sizes: ContractSizes): Promise<void>
}

/** The whole contract, in an order in which a broken storage fails early. */
export const CONTRACT_CHECKS: readonly ContractCheck[] = [
  { name: 'prepare can be repeated', run: checkPrepare },
  { name: 'a missing file is reported as missing', run: checkMissing },
  { name: 'a file of each kind is read, found and listed at once', run: checkReadAfterWrite },
  { name: 'config can be written, found and listed', run: checkConfig },
  { name: 'an empty file is a file', run: checkEmpty },
  { name: 'a range gives exactly its bytes', run: checkRanges },
  { name: 'a range past the end is refused', run: checkRangesPastEnd },
  { name: 'writing a file again changes nothing', run: checkWriteAgain },
  { name: 'a write replaces what was there', run: checkReplace },
  { name: 'readers see the old or the new file, whole', run: checkAtomicReplace },
  { name: 'a removed file is gone, and removing it again succeeds', run: checkRemove },
  { name: 'a large file comes back whole', run: checkLarge },
  { name: 'many files are written, listed and read at once', run: checkMany },
  { name: 'one file may be written by several callers at once', run: checkSameFileAtOnce },
  { name: 'memory shared between threads can be written', run: checkSharedMemory },
  { name: 'a name that no file can have is refused', run: checkNames },
  { name: 'a cancelled call rejects with the reason', run: checkCancelled },
  { name: 'a write that is cancelled leaves all or nothing', run: checkCancelledWrite },
]

const HASH_KINDS: readonly FileKind[] = FILE_KINDS.filter((kind) => kind !== 'config')

async function checkPrepare({ storage, signal }: Probe): Promise<void> {
  await storage.prepare({ signal })
  await storage.prepare({ signal })
}

async function checkMissing(probe: Probe): Promise<void> {
  for (const kind of FILE_KINDS) {
    const { file } = probe.make(kind, 10)
    const { storage, signal } = probe
    await demandRejection(storage.read(file, 'all', { signal }), 'storage.not-found', `reading a missing file of ${kind}`)
    await demandRejection(storage.read(file, { offset: 1, length: 2 }, { signal }), 'storage.not-found', `reading a part of a missing file`)
    await demandRejection(storage.stat(file, { signal }), 'storage.not-found', `looking for a missing file of ${kind}`)
    await storage.remove(file, { signal })
    demand((await probe.names(kind)).length === 0, `a listing of ${kind}, which is empty, gave names`)
  }
}

async function checkReadAfterWrite(probe: Probe): Promise<void> {
  for (const kind of HASH_KINDS) {
    const written = [await probe.put(kind, 1), await probe.put(kind, 5000)]
    for (const one of written) await demandPresent(probe, one)
    const infos = await Array.fromAsync(probe.storage.list(kind, { signal: probe.signal }))
    demand(infos.length === written.length, `a listing of ${kind} gave ${infos.length} files instead of ${written.length}`)
    for (const { file, content } of written) {
      const info = infos.find((candidate) => candidate.name === file.name)
      demand(info !== undefined, `a file of ${kind} was not listed after it had been written`)
      demand(info.sizeBytes === content.length, `a listing gave ${info.sizeBytes} bytes for a file of ${content.length}`)
    }
  }
}

async function checkConfig(probe: Probe): Promise<void> {
  const config = await probe.put('config', 155)
  await demandPresent(probe, config)
  const infos = await Array.fromAsync(probe.storage.list('config', { signal: probe.signal }))
  demand(infos.length === 1 && infos[0]?.name === '' && infos[0].sizeBytes === 155, 'config was not listed as one file without a name')
}

async function checkEmpty(probe: Probe): Promise<void> {
  const empty = await probe.put('data', 0)
  await demandPresent(probe, empty)
  demand((await probe.names('data')).includes(empty.file.name), 'an empty file was not listed')
}

async function checkRanges(probe: Probe): Promise<void> {
  const { storage, signal } = probe
  const { file, content } = await probe.put('data', 100_000)
  const ranges = [
    { offset: 0, length: 1 },
    { offset: 0, length: 100_000 },
    { offset: 1, length: 99_999 },
    { offset: 99_999, length: 1 },
    { offset: 65_530, length: 12 },
    { offset: 0, length: 0 },
    { offset: 100_000, length: 0 },
  ]
  for (const range of ranges) {
    const part = await storage.read(file, range, { signal })
    const expected = content.subarray(range.offset, range.offset + range.length)
    demand(sameBytes(part, expected), `bytes ${range.offset} to ${range.offset + range.length} of a file came back wrong`)
  }
}

async function checkRangesPastEnd(probe: Probe): Promise<void> {
  const { storage, signal } = probe
  const { file } = await probe.put('data', 1000)
  const ranges = [
    { offset: 999, length: 2 },
    { offset: 0, length: 1001 },
    { offset: 1000, length: 1 },
    { offset: 5000, length: 10 },
    { offset: 2 ** 40, length: 2 ** 40 },
  ]
  for (const range of ranges) {
    const what = `reading ${range.length} bytes from ${range.offset} of a file of 1000`
    await demandRejection(storage.read(file, range, { signal }), 'storage.range', what)
  }
}

async function checkWriteAgain(probe: Probe): Promise<void> {
  const one = await probe.put('snapshots', 3000)
  await probe.write(one)
  await demandPresent(probe, one)
  demand((await probe.names('snapshots')).length === 1, 'a file that was written twice was not listed once')
}

async function checkReplace(probe: Probe): Promise<void> {
  for (const sizeBytes of [5000, 20, 70_000]) await demandPresent(probe, await probe.put('config', sizeBytes))
}

async function checkAtomicReplace(probe: Probe): Promise<void> {
  if (!probe.storage.limits.atomicReplace) return
  const versions = [await probe.put('config', 300_000), probe.make('config', 200_000)]
  let writing = true
  async function keepReading(): Promise<void> {
    while (writing) {
      const seen = await probe.storage.read({ kind: 'config', name: '' }, 'all', { signal: probe.signal })
      demand(
        versions.some((version) => sameBytes(version.content, seen)),
        'a reader saw neither the old nor the new file while one was replaced',
      )
    }
  }
  async function keepReplacing(): Promise<void> {
    try {
      for (const version of [...versions, ...versions, ...versions, ...versions]) await probe.write(version)
    } finally {
      writing = false
    }
  }
  await settleAll([keepReading(), keepReplacing()])
}

async function checkRemove(probe: Probe): Promise<void> {
  for (const kind of HASH_KINDS) {
    const { storage, signal } = probe
    const gone = await probe.put(kind, 100)
    const kept = await probe.put(kind, 100)
    await storage.remove(gone.file, { signal })
    await demandRejection(storage.read(gone.file, 'all', { signal }), 'storage.not-found', 'reading a removed file')
    await demandRejection(storage.stat(gone.file, { signal }), 'storage.not-found', 'looking for a removed file')
    const names = await probe.names(kind)
    demand(names.length === 1 && names[0] === kept.file.name, `a listing of ${kind} after a removal was wrong`)
    await storage.remove(gone.file, { signal })
    await demandPresent(probe, await probe.write(gone))
  }
}

async function checkLarge(probe: Probe, sizes: ContractSizes): Promise<void> {
  const large = await probe.put('data', sizes.largeFileBytes)
  await demandPresent(probe, large)
  const range = { offset: Math.floor(sizes.largeFileBytes / 3), length: Math.floor(sizes.largeFileBytes / 3) }
  const part = await probe.storage.read(large.file, range, { signal: probe.signal })
  demand(sameBytes(part, large.content.subarray(range.offset, range.offset + range.length)), 'a part of a large file came back wrong')
}

async function checkMany(probe: Probe, sizes: ContractSizes): Promise<void> {
  const files = Array.from({ length: sizes.manyFiles }, (_, index) => probe.make('data', 1 + index * 37))
  await settleAll(files.map((one) => probe.write(one)))
  const names = new Set(await probe.names('data'))
  demand(names.size === files.length, `${names.size} files were listed after ${files.length} had been written at once`)
  for (const { file } of files) demand(names.has(file.name), 'a file that was written beside others was not listed')
  await settleAll(files.map((one) => demandPresent(probe, one)))
  await settleAll(files.map(({ file }) => probe.storage.remove(file, { signal: probe.signal })))
  demand((await probe.names('data')).length === 0, 'files were still listed after all had been removed at once')
}

async function checkSameFileAtOnce(probe: Probe): Promise<void> {
  const one = probe.make('index', 200_000)
  await settleAll([probe.write(one), probe.write(one), probe.write(one), probe.write(one)])
  await demandPresent(probe, one)
}

async function checkSharedMemory(probe: Probe): Promise<void> {
  const { file, content } = probe.make('data', 70_000)
  const shared = new Uint8Array(new SharedArrayBuffer(80_000), 8, 70_000)
  shared.set(content)
  await demandPresent(probe, await probe.write({ file, content: shared }))
}

async function checkNames(probe: Probe): Promise<void> {
  const { storage, signal } = probe
  const hexadecimal = 'ab'.repeat(32)
  for (const name of ['', '..', '../config', 'x', `${hexadecimal}0`, hexadecimal.toUpperCase(), `${hexadecimal.slice(0, 62)}/a`]) {
    const file = { kind: 'data', name } as const
    await demandRejection(storage.read(file, 'all', { signal }), 'input.invalid', `reading a file named ${JSON.stringify(name)}`)
    await demandRejection(storage.write(file, new Uint8Array(1), { signal }), 'input.invalid', `writing ${JSON.stringify(name)}`)
    await demandRejection(storage.remove(file, { signal }), 'input.invalid', `removing ${JSON.stringify(name)}`)
  }
}

async function checkCancelled(probe: Probe): Promise<void> {
  const { storage } = probe
  const { file, content } = await probe.put('keys', 100)
  const reason = new Error('cancelled by the check')
  const signal = AbortSignal.abort(reason)
  const calls: readonly (() => Promise<unknown>)[] = [
    () => storage.read(file, 'all', { signal }),
    () => storage.write(file, content, { signal }),
    () => storage.stat(file, { signal }),
    () => storage.remove(file, { signal }),
    () => Array.fromAsync(storage.list('keys', { signal })),
  ]
  for (const call of calls) demand((await rejectionOf(call())) === reason, 'a cancelled call did not reject with the reason')
  await demandPresent(probe, { file, content })
}

async function checkCancelledWrite(probe: Probe): Promise<void> {
  for (const delayMs of [0, 2, 10, 40]) {
    const one = probe.make('data', 4 * 1024 * 1024)
    const signal = AbortSignal.timeout(delayMs)
    const outcome = await rejectionOf(probe.write(one, { signal }))
    if (outcome === undefined) await demandPresent(probe, one)
    else await demandAllOrNothing(probe, { one, outcome, reason: signal.reason })
  }
}

async function demandAllOrNothing(
  probe: Probe,
  cancelled: { readonly one: ProbeFile; readonly outcome: unknown; readonly reason: unknown },
): Promise<void> {
  demand(cancelled.outcome === cancelled.reason, 'a cancelled write did not reject with the reason')
  const { file, content } = cancelled.one
  const seen = await probe.storage.read(file, 'all', { signal: probe.signal }).catch(() => undefined)
  demand(seen === undefined || sameBytes(seen, content), 'a write that was cancelled left a part of the file')
  await demandPresent(probe, await probe.write(cancelled.one))
}

async function demandPresent({ storage, signal }: Probe, { file, content }: ProbeFile): Promise<void> {
  const back = await storage.read(file, 'all', { signal })
  demand(sameBytes(back, content), `a file of ${content.length} bytes came back different (${back.length} bytes)`)
  const info = await storage.stat(file, { signal })
  demand(info.sizeBytes === content.length, `a file of ${content.length} bytes is said to have ${info.sizeBytes}`)
  demand(info.name === file.name, 'a file is said to have another name')
}

async function rejectionOf(task: Promise<unknown>): Promise<unknown> {
  return task.then(
    () => undefined,
    (reason: unknown) => reason,
  )
}
