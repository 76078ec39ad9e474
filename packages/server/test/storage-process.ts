import { openStorage, parseLocation } from '@holdfast/engine'
import { startRestServer } from '@holdfast/engine/testing'

/** A storage that can be killed: `node storage-process.ts FOLDER PORT` serves the folder by restic's REST protocol. */
const [folder = '', port = '0'] = process.argv.slice(2)
const server = await startRestServer(await openStorage(parseLocation(folder)), { port: Number(port) })
process.stdout.write(`serving at ${server.url}\n`)
