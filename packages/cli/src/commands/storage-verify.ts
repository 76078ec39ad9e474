import { verifyStorage } from '@holdfast/engine'
import { CommandFailure } from '../command-failure.ts'
import { defineCommand } from '../command-line/command.ts'
import { Printer } from '../output/printer.ts'
import { locationOf, mainSource } from '../session/repository-source.ts'
import { openStorageStack } from '../session/storage-stack.ts'

export const storageVerifyCommand = defineCommand({
  usage: '[location]',
  description: `
    Puts a storage to the test: writes, reads, lists and removes files and looks whether everything that a repository needs
    holds. The location must be fresh, such as an empty folder or a prefix of a bucket that nothing uses; it is empty again
    afterwards. No password is needed.
  `,
  flags: {},
  examples: [
    { line: 'storage verify s3:https://s3.example.org/bucket/holdfast-test', does: 'Is this bucket fit for backups?' },
    { line: 'storage verify /mnt/usb/test --json', does: 'The same for a folder, for programs' },
  ],
  async run(context, { args }) {
    if (args.length > 1) throw new CommandFailure('usage', 'storage verify expects one location')
    const location = args[0] ?? (await locationOf(mainSource(context)))
    const printer = new Printer(context)
    const storage = await openStorageStack(location, context, printer)
    let [passed, failed] = [0, 0]
    try {
      for await (const { name, passed: isKept, durationMs, error } of verifyStorage(storage, { signal: context.signal })) {
        if (isKept) passed++
        else failed++
        const reason = error === undefined ? '' : `: ${error.message}`
        if (printer.isJson)
          printer.message({
            message_type: 'check',
            name,
            passed: isKept,
            duration: durationMs / 1000,
            ...(error === undefined ? {} : { error: error.message }),
          })
        else printer.result(`${isKept ? 'ok    ' : 'FAILED'} ${name}${reason}`)
      }
    } finally {
      await storage.close()
    }
    if (printer.isJson) printer.message({ message_type: 'summary', passed, failed })
    if (failed > 0)
      throw new CommandFailure('failed', `${storage.location} breaks ${failed} of ${passed + failed} promises that a repository needs`)
    printer.info(`all ${passed} checks passed: ${storage.location} is fit for a repository`)
  },
})
