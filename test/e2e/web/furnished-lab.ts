import { rmSync, writeFileSync } from 'node:fs'
import type { Subjects } from './pages.ts'
import { labOfFile, type WebLab } from './web-lab.ts'

/** A lab for all tests of a file in which everything has happened once, and what in it they are about, known as soon as they begin. */
export function furnishedLabOfFile(): { readonly lab: WebLab; readonly subjects: Subjects } {
  const subjects = {} as Subjects
  const lab = labOfFile(async (empty) => Object.assign(subjects, await furnish(empty)))
  return { lab, subjects }
}

/** Backups that went well and one that failed, changed files, users. */
async function furnish(lab: WebLab): Promise<Subjects> {
  const repositoryId = await lab.addRepository()
  const report = lab.file('home/ann/documents/report.txt', 'Quarterly report\n\nEverything is well.\n')
  lab.file('home/ann/documents/notes/ideas.md', '# Ideas\n\n- keep two copies\n')
  lab.file('home/ann/pictures/dot.svg', '<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>')
  for (let file = 0; file < 40; file++)
    lab.file(`home/ann/invoices/2026-${String(file).padStart(3, '0')}.pdf`, `invoice ${file}`.repeat(999))
  const folder = lab.place.path('home/ann')
  await lab.addUser('ann', 'operator')
  await lab.addUser('victor', 'viewer')
  const { id: clientId } = await lab.addAgent('desk')
  const first = await lab.backUp(clientId, [folder])
  writeFileSync(report, 'Quarterly report\n\nNearly everything is well.\n')
  rmSync(lab.place.path('home/ann/documents/notes/ideas.md'))
  lab.file('home/ann/documents/plan.txt', 'restore test on Friday')
  const second = await lab.runPlan(first.planId)
  const hooks = { pre: [{ line: 'echo the database is away >&2; exit 3', timeoutSeconds: 60 }] }
  const failed = await lab.backUp(clientId, [folder], { name: 'With a command that fails', hooks })
  for (const name of ['mail', 'photos']) {
    lab.file(`srv/${name}/archive`, name.repeat(50_000))
    const { id } = await lab.addAgent(name)
    await lab.backUp(id, [lab.place.path('srv', name)], { name: 'Everything' })
  }
  const admin = await lab.person()
  await admin.call(`POST /api/v1/repositories/${repositoryId}/refresh`)
  return {
    clientId,
    planId: first.planId,
    runId: second.runId,
    failedRunId: failed.runId,
    snapshotId: second.snapshotId ?? 0,
    otherSnapshotId: first.snapshotId ?? 0,
    repositoryId,
    filePath: report,
  }
}
