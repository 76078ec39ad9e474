import { secureRandom, systemClock } from '@holdfast/engine'
import { composeServices } from '../src/composition.ts'
import { loadSettings } from '../src/config/settings.ts'
import { openDatabase } from '../src/db/database.ts'
import { SecretBox } from '../src/secrets/secret-box.ts'

/**
 * A server that ends runs and is killed before it has told anybody: `node end-and-die.ts DATABASE FOLDER`, then the JSON of who says how
 * which run ended, or nothing to end what is lost.
 */
const [databaseUrl = '', folder = '', said] = process.argv.slice(2)
const settings = loadSettings({ environment: { HOLDFAST_DATA: folder }, folder })
const services = composeServices({
  settings,
  database: openDatabase(databaseUrl),
  clock: systemClock,
  secrets: new SecretBox(secureRandom(32)),
})
// Listeners are called one after the other: all before this one have begun, and have asked nothing of the database yet.
services.runs.onRunEnded(() => {
  process.kill(process.pid, 'SIGKILL')
})
if (said === undefined) await services.sweeper.sweep()
else {
  const { agent, runId, outcome } = JSON.parse(said)
  await services.agentRuns.finish(agent, runId, outcome)
}
