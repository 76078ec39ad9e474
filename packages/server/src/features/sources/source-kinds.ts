import { type SourceKind, selectionSchema } from '@holdfast/protocol'
import { z } from 'zod'

/** All kinds of things that plans back up, with what a form needs to ask for them. */
export function sourceKinds(): readonly SourceKind[] {
  return [
    {
      kind: 'files',
      title: 'Files and folders',
      description: 'Files, folders, links and their rights, of the disks of a machine.',
      'x-ja': { title: 'ファイルとフォルダー', description: 'マシンのディスクにあるファイル、フォルダー、リンクとその権限です。' },
      planField: 'selection',
      schema: z.toJSONSchema(selectionSchema, { io: 'input' }),
    },
  ]
}
