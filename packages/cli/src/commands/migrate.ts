import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allMigrations, type Migration, secureRandom } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { toggle } from '../command-line/flag.ts'
import { Printer } from '../output/printer.ts'
import { type Session, withRepository } from '../session/open-session.ts'

export const migrateCommand = defineCommand({
  usage: '[name ...]',
  description: `
    Lists what can be brought to a newer form, or does it. The repository is checked before, and a copy of what is replaced
    is kept in the folder for temporary files.
  `,
  flags: { force: toggle('-f, --force', 'accepted for scripts; a migration that cannot be applied is refused in any case') },
  examples: [
    { line: 'migrate', does: 'What can be done?' },
    { line: 'migrate upgrade_repo_v2', does: 'Bring an old repository to version 2, which compresses' },
  ],
  async run(context, { args }) {
    const printer = new Printer(context, { isJson: false })
    await withRepository(context, { printer, lock: 'exclusive' }, async (session) => {
      if (args.length === 0) return list(session, printer)
      for (const name of args) {
        const migration = allMigrations().find((candidate) => candidate.name === name)
        if (migration === undefined) throw new CommandFailure('usage', `unknown migration ${name}`)
        await apply(session, migration, printer)
      }
    })
  },
})

function list({ repository }: Session, printer: Printer): void {
  const possible = allMigrations().filter((migration) => migration.obstacle(repository) === undefined)
  printer.info('available migrations:')
  for (const { name, description } of possible) printer.info(`  ${name}\t${description}`)
  if (possible.length === 0) printer.info('no migrations found')
}

async function apply({ repository, signal }: Session, migration: Migration, printer: Printer): Promise<void> {
  const obstacle = migration.obstacle(repository)
  if (obstacle !== undefined) {
    printer.warn(`migration ${migration.name} cannot be applied: ${obstacle}`)
    return
  }
  printer.info('checking repository integrity...')
  const onFinding = ({ severity, message }: { readonly severity: string; readonly message: string }): void => {
    if (severity === 'error') printer.warn(`error: ${message}`)
  }
  await migration.apply(repository, { signal, keepCopy: (content) => keepCopy(content, printer), check: { onFinding } })
  printer.info(`migration ${migration.name}: success`)
}

async function keepCopy(content: Uint8Array, printer: Printer): Promise<void> {
  const path = join(tmpdir(), `holdfast-migrate-${secureRandom(6).toString('hex')}-config`)
  await using file = await open(path, 'wx', 0o600)
  await file.writeFile(content)
  await file.sync()
  printer.info(`a copy of the config file is kept in ${path}`)
}
