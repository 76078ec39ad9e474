import { readFileSync } from 'node:fs'
import { isEngineError, messageOf } from '../../src/errors.ts'
import { byteStringOf } from '../../src/format/byte-string.ts'
import { backup } from '../../src/operations/backup/backup.ts'
import { checkRepository } from '../../src/operations/check/check.ts'
import { copySnapshots } from '../../src/operations/copy.ts'
import { listSnapshot } from '../../src/operations/list.ts'
import { executePrune } from '../../src/operations/prune/execute-prune.ts'
import { planPrune } from '../../src/operations/prune/plan-prune.ts'
import { executeRestore } from '../../src/operations/restore/restore.ts'
import { initRepository, type OpenRepository, openRepository } from '../../src/repository/open-repository.ts'
import { loadSnapshots } from '../../src/snapshots/load-snapshots.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { HostileOutcome, HostileRequest } from './hostile-operations.ts'

/** Carries out one operation in a process of its own, so that what it takes of memory is known; prints a {@link HostileOutcome} as JSON. */
const request = JSON.parse(process.argv[2] ?? '{}') as HostileRequest
let problems = 0

async function run(): Promise<void> {
  const { operation, repository: location, password, folder } = request
  const repository = await openRepository(await openStorage(location), { password })
  await using lock = await repository.lock({ exclusive: operation === 'prune' || operation === 'check' })
  const { signal } = lock
  if (operation === 'check') {
    problems = (await checkRepository(repository, { readData: 'all', signal })).errorCount
    return
  }
  const snapshots = await loadSnapshots(repository, { signal })
  const indexed = await repository.loadIndex({ signal })
  const [snapshot] = snapshots
  if (operation === 'prune') await executePrune(await planPrune(indexed, { maxUnused: { bytes: 0 }, signal }), { signal })
  else if (operation === 'copy') {
    const target = await newRepository(repository)
    await copySnapshots(indexed, await target.loadIndex(), { snapshots, targetSnapshots: [], signal })
  } else if (operation === 'backup') {
    const progress = { problem: () => problems++ }
    await backup(indexed, { targets: [byteStringOf(folder)], absolutePaths: [folder], parent: snapshot, progress, signal })
  } else if (snapshot === undefined) throw new Error('there is no snapshot')
  else if (operation === 'ls') {
    for await (const _ of listSnapshot(indexed, snapshot.tree, { recursive: true, onBroken: () => problems++ }));
  } else {
    const progress = { problem: () => void problems++ }
    await executeRestore(indexed, { tree: snapshot.tree, target: byteStringOf(folder) }, { progress, signal })
  }
}

async function newRepository(like: OpenRepository): Promise<OpenRepository> {
  const cost = { N: 16, r: 1, p: 1 }
  const { password, folder } = request
  return initRepository(await openStorage(folder), { password, cost, chunkerPolynomial: like.chunkerPolynomial })
}

function say(code: string | undefined, message: string): void {
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  const outcome: HostileOutcome = { code, message, problems, peakBytes: Number(peak) * 1024 }
  process.stdout.write(JSON.stringify(outcome))
}

try {
  await run()
  say(undefined, '')
} catch (error) {
  say(isEngineError(error) ? error.code : 'crash', messageOf(error))
}
