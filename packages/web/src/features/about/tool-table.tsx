import type { About } from '@holdfast/protocol'
import { Text } from '@mantine/core'
import { IconCheck, IconMinus } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import classes from './about.module.css'
import { aboutMessages } from './messages.ts'

/** Programs that Holdfast works with, what for, and which of them the server has. */
export function ToolTable({ tools }: { readonly tools: About['tools'] }): ReactElement {
  const text = useMessages(aboutMessages)
  const hasPaths = tools.some(({ path }) => path !== null)
  const uses: Readonly<Record<string, string>> = {
    restic: text.restic,
    rsync: text.rsync,
    ssh: text.ssh,
    pg_dump: text.pgDump,
    mysqldump: text.mysqldump,
    mongodump: text.mongodump,
    'redis-cli': text.redis,
    sqlite3: text.sqlite,
  }
  return (
    <table className={classes.tools}>
      <thead>
        <tr>
          <th scope="col">{text.tool}</th>
          <th scope="col">{text.toolVersion}</th>
          {hasPaths ? <th scope="col">{text.toolPath}</th> : null}
        </tr>
      </thead>
      <tbody>
        {tools.map(({ name, isFound, version, path }) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
              <Text size="sm" c="dimmed" component="div" fw={400}>
                {uses[name]}
              </Text>
            </th>
            <td>
              <span className={classes.found} data-found={isFound || undefined}>
                {isFound ? <IconCheck size={16} aria-hidden /> : <IconMinus size={16} aria-hidden />}
                {isFound ? (version ?? text.unknown) : text.missing}
              </span>
            </td>
            {hasPaths ? <td>{path === null ? null : <code>{path}</code>}</td> : null}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
