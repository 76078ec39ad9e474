import type { EntryKind } from '@holdfast/protocol'
import {
  IconFile,
  IconFileCode,
  IconFileText,
  IconFileZip,
  IconFolderFilled,
  IconLink,
  IconMovie,
  IconMusic,
  IconPhoto,
  IconPlug,
  type TablerIcon,
} from '@tabler/icons-react'
import type { ReactElement } from 'react'
import classes from './folder.module.css'

const BY_EXTENSION: readonly (readonly [RegExp, TablerIcon])[] = [
  [/\.(png|jpe?g|gif|webp|heic|svg|bmp|tiff?|avif|raw|cr2|nef)$/i, IconPhoto],
  [/\.(mp4|mkv|mov|avi|webm|m4v)$/i, IconMovie],
  [/\.(mp3|flac|ogg|wav|m4a|opus)$/i, IconMusic],
  [/\.(zip|tar|gz|tgz|bz2|xz|zst|7z|rar|iso)$/i, IconFileZip],
  [/\.(txt|md|pdf|docx?|odt|rtf|log|csv|xlsx?|ods|pptx?)$/i, IconFileText],
  [/\.(m?[jt]sx?|py|rs|go|c|h|cpp|java|sh|html?|css|json|ya?ml|toml|xml|sql)$/i, IconFileCode],
]

/** What an entry is, at a glance. */
export function EntryIcon({
  kind,
  name,
  size = 18,
}: {
  readonly kind: EntryKind
  readonly name: string
  readonly size?: number
}): ReactElement {
  const Icon = iconOf(kind, name)
  return <Icon size={size} className={classes.icon} data-kind={kind} aria-hidden />
}

function iconOf(kind: EntryKind, name: string): TablerIcon {
  if (kind === 'dir') return IconFolderFilled
  if (kind === 'symlink') return IconLink
  if (kind !== 'file') return IconPlug
  return BY_EXTENSION.find(([pattern]) => pattern.test(name))?.[1] ?? IconFile
}
