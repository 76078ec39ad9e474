import type { RepositoryView } from '@holdfast/protocol'
import { useMessages } from '../../app/language.tsx'
import { repositoryMessages } from './messages.ts'

/** What kinds of storages are called in the language of the pages. */
export function useKindWords(): (kind: RepositoryView['kind']) => string {
  const text = useMessages(repositoryMessages)
  return (kind) => ({ local: text.kindLocal, s3: text.kindS3, sftp: text.kindSftp, rest: text.kindRest })[kind]
}
