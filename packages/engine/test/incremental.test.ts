import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { byteStringOf } from '../src/format/byte-string.ts'
import type { StoredSnapshot } from '../src/format/snapshot.ts'
import { backup } from '../src/operations/backup/backup.ts'
import { initRepository, openRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { openStorage } from '../src/storage/open-storage.ts'
import { randomBelow, SEED, seededRandom } from './seeded-random.ts'

const PASSWORD = 'secret'
const LOW_COST = { N: 1024, r: 8, p: 1 }
const ROUNDS = 25
/** Several changes in few folders: most kinds of neighbours meet. */
const CHANGES_A_ROUND = 4
/** Around what is read with its folder, and what is cut into blobs. */
const SIZES = [0, 1, 100, 5000, 700_000, 3_000_000] as const
const NAMES = ['a', 'b', 'c', 'm', 'n', 'y', 'z', 'é', '日本', 'a b', 'quote"d'] as const

const folder = mkdtempSync(join(tmpdir(), 'holdfast-incremental-'))
const random = seededRandom(SEED)

beforeAll(() => {
  // Relative targets: folders above them change all the time, and so do their trees.
  process.chdir(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

function oneOf<Item>(items: readonly Item[]): Item {
  return items[randomBelow(random, items.length)] ?? expect.fail('nothing to choose from')
}

function pathsBelow(root: string): { readonly folders: string[]; readonly files: string[] } {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => join(root, path))
  const isFolder = (path: string): boolean => lstatSync(path).isDirectory()
  return { folders: [root, ...found.filter(isFolder)], files: found.filter((path) => !isFolder(path)) }
}

/** Changes one thing below `root`, and says what. */
function change(root: string): string {
  const { folders, files } = pathsBelow(root)
  const place = join(oneOf(folders), oneOf(NAMES))
  const isTaken = [...folders, ...files].includes(place)
  const file = files.length === 0 ? undefined : oneOf(files)
  const kind = oneOf(['write', 'write', 'write', 'write', 'folder', 'link', 'remove', 'rename', 'append', 'touch', 'mode'] as const)
  if (kind === 'write' || file === undefined) {
    if (isTaken) rmSync(place, { recursive: true })
    writeFileSync(place, Buffer.alloc(oneOf(SIZES), `${place} ${random()}`))
  } else if (kind === 'folder' && !isTaken) mkdirSync(place)
  else if (kind === 'link' && !isTaken) symlinkSync(`to ${random()}`, place)
  else if (kind === 'remove') rmSync(random() < 0.2 && folders.length > 1 ? oneOf(folders.slice(1)) : file, { recursive: true })
  else if (kind === 'rename' && !isTaken) renameSync(file, place)
  else if (lstatSync(file).isSymbolicLink()) return `nothing: ${kind} ${file}`
  else if (kind === 'append') appendFileSync(file, 'more')
  else if (kind === 'touch') utimesSync(file, randomBelow(random, 1e9), randomBelow(random, 1e9))
  else chmodSync(file, oneOf([0o600, 0o644, 0o755]))
  return `${kind} ${place} or ${file}`
}

async function treeOf(path: string, root: string, parent?: StoredSnapshot): Promise<StoredSnapshot> {
  const storage = await openStorage(path)
  const repository = await openRepository(storage, { password: PASSWORD })
  const { summary, snapshotId } = await backup(await repository.loadIndex(), {
    targets: [byteStringOf(root)],
    absolutePaths: [resolve(root)],
    parent,
    progress: { problem: ({ path: where, message }) => expect.fail(`${where}: ${message}`) },
  })
  expect(summary.files_new + summary.files_changed + summary.files_unmodified).toBe(
    pathsBelow(root).files.filter((file) => lstatSync(file).isFile()).length,
  )
  const saved = (await loadSnapshots(repository)).find(({ id }) => id === snapshotId)
  await storage.close()
  return saved ?? expect.fail('the snapshot is not there')
}

// The one fault that nothing else would show: a snapshot that is sound and lacks something.
test(`with a parent a snapshot is what it would be without, whatever has changed (seed ${SEED})`, async () => {
  const [root, path] = ['source', join(folder, 'repository')]
  mkdirSync(root)
  const storage = await openStorage(path)
  await initRepository(storage, { password: PASSWORD, cost: LOW_COST })
  await storage.close()
  let parent: StoredSnapshot | undefined
  for (let round = 0; round < ROUNDS; round++) {
    const changes = Array.from({ length: round === 0 ? 30 : CHANGES_A_ROUND }, () => change(root))
    const incremental = await treeOf(path, root, parent)
    const whole = await treeOf(path, root)
    expect(incremental.tree, `seed ${SEED}, round ${round}: ${changes.join(', ')}`).toBe(whole.tree)
    parent = incremental
  }
}, 120_000)
