import { hash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CutFinder } from '../packages/engine/src/chunker/cut-finder.ts'
import { RESTIC_LIMITS } from '../packages/engine/src/chunker/limits.ts'
import { parsePolynomial } from '../packages/engine/src/chunker/polynomial.ts'
import type { ChunkRun, LimitPlan, LimitTask, PlannedChunk } from './limit-tasks.ts'

/**
 * Cuts a folder as the engine would and writes down what is to be done with the chunks: `limit-plan.ts FOLDER PLAN`. Not part of the
 * measured time.
 */
const TASK_BYTES = 8 * 1024 * 1024
const BUFFER_BYTES = 32 * 1024 * 1024

const finder = new CutFinder(parsePolynomial('3da3358b4dc173'), { capacityBytes: BUFFER_BYTES })
const known = new Set<string>()
const [folder = '', planFile = ''] = process.argv.slice(2)

writeFileSync(planFile, JSON.stringify(makePlan(folder)))
process.stdout.write('{}')

function makePlan(root: string): LimitPlan {
  const tasks: LimitTask[] = []
  let task: ChunkRun[] = []
  let taskBytes = 0
  let largestChunkBytes = 0
  for (const path of filesIn(root)) {
    let run: { path: string; start: number; chunks: PlannedChunk[] } | undefined
    let at = 0
    for (const chunk of chunksOf(path)) {
      if (run === undefined) {
        run = { path, start: at, chunks: [] }
        task.push(run)
      }
      run.chunks.push(chunk)
      at += chunk.lengthBytes
      taskBytes += chunk.lengthBytes
      largestChunkBytes = Math.max(largestChunkBytes, chunk.lengthBytes)
      if (taskBytes < TASK_BYTES) continue
      tasks.push(task)
      task = []
      taskBytes = 0
      run = undefined
    }
  }
  return { tasks: [...tasks, task], largestChunkBytes }
}

function* chunksOf(path: string): Generator<PlannedChunk, void, void> {
  const { buffer } = finder
  const descriptor = openSync(path, 'r')
  try {
    let end = 0
    for (let ended = false; !ended; ) {
      const read = readSync(descriptor, buffer, end, buffer.length - end, null)
      ended = read === 0
      end += read
      let start = 0
      for (;;) {
        const cut = finder.nextCut(start, end)
        const stop = cut === -1 && ended && start < end ? end : cut
        if (stop === -1 || start === end) break
        yield describeChunk(buffer.subarray(start, stop))
        start = stop
      }
      buffer.copyWithin(0, start, end)
      end -= start
    }
  } finally {
    closeSync(descriptor)
  }
}

function describeChunk(content: Uint8Array): PlannedChunk {
  if (content.length > RESTIC_LIMITS.maxSizeBytes) throw new Error('Cannot plan: a chunk is larger than chunks may be')
  const digest = hash('sha256', content, 'hex')
  const isNew = !known.has(digest)
  known.add(digest)
  return { lengthBytes: content.length, isNew }
}

function filesIn(root: string): readonly string[] {
  const entries = readdirSync(root, { withFileTypes: true, recursive: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
