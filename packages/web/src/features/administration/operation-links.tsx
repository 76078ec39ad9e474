import { Anchor } from '@mantine/core'
import { IconActivity, IconApi, IconChartLine, IconFileCode, IconHeartbeat } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { Row, RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { settingsMessages } from './settings-messages.ts'

/** What the server offers to programs. */
export function OperationLinks(): ReactElement {
  const text = useMessages(settingsMessages)
  const links = [
    { href: '/api/docs', title: text.apiDocs, help: text.apiDocsHelp, Icon: IconApi },
    { href: '/api/openapi.json', title: text.openApi, help: text.openApiHelp, Icon: IconFileCode },
    { href: '/metrics', title: text.metrics, help: text.metricsHelp, Icon: IconChartLine },
    { href: '/healthz', title: text.health, help: text.healthHelp, Icon: IconHeartbeat },
    { href: '/readyz', title: text.ready, help: text.readyHelp, Icon: IconActivity },
  ]
  return (
    <Section title={text.operation} description={text.operationHelp}>
      <RowList label={text.operation}>
        {links.map(({ href, title, help, Icon }) => (
          <Row
            key={href}
            icon={<Icon size={22} stroke={1.6} />}
            title={
              <Anchor href={href} target="_blank" rel="noreferrer" fw={600} aria-label={`${title} (${text.newTab})`}>
                {title}
              </Anchor>
            }
          >
            {help} · {href}
          </Row>
        ))}
      </RowList>
    </Section>
  )
}
