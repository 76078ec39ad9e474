import type { About } from '@holdfast/protocol'
import { Anchor, Button, CopyButton, Stack, Text } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement, ReactNode } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Duration, Moment } from '../../ui/figures.tsx'
import { Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import classes from './about.module.css'
import { aboutMessages } from './messages.ts'
import { aboutQuery } from './queries.ts'
import { ToolTable } from './tool-table.tsx'

/** What the server is made of: versions, its database, and the programs that it found. */
export function AboutPage(): ReactElement {
  const text = useMessages(aboutMessages)
  const { data, error, refetch } = useQuery(aboutQuery)
  return (
    <Page title={text.title} description={text.lead}>
      {data === undefined ? (
        error === null ? (
          <Waiting lines={8} height={28} />
        ) : (
          <FailureNotice failure={error} retry={() => void refetch()} />
        )
      ) : (
        <>
          <ServerSection about={data} />
          <Section title={text.tools} description={text.toolsLead}>
            <ToolTable tools={data.tools} />
          </Section>
          <ReadOn />
        </>
      )}
    </Page>
  )
}

function ServerSection({ about }: { readonly about: About }): ReactElement {
  const text = useMessages(aboutMessages)
  return (
    <Section title={text.server} actions={<CopyFacts about={about} />}>
      <dl className={classes.facts}>
        <Fact name={text.version}>{about.version}</Fact>
        <Fact name={text.node}>{about.node}</Fact>
        <Fact name={text.platform}>{about.platform}</Fact>
        <Fact name={text.database}>{databaseOf(about)}</Fact>
        <Fact name={text.started}>
          <Moment at={about.startedAt} />
        </Fact>
        <Fact name={text.uptime}>
          <Duration milliseconds={about.uptimeSeconds * 1000} />
        </Fact>
        {about.dataFolder === null ? null : (
          <Fact name={text.dataFolder}>
            <code>{about.dataFolder}</code>
          </Fact>
        )}
      </dl>
    </Section>
  )
}

function CopyFacts({ about }: { readonly about: About }): ReactElement {
  const text = useMessages(aboutMessages)
  return (
    <CopyButton value={asText(about)}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="xs"
          onClick={copy}
          leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
        >
          {copied ? text.copied : text.copy}
        </Button>
      )}
    </CopyButton>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function ReadOn(): ReactElement {
  const text = useMessages(aboutMessages)
  return (
    <Section title={text.more}>
      <Stack gap="sm">
        <div>
          <Anchor href="/api/docs" fw={600}>
            {text.api}
          </Anchor>
          <Text size="sm" c="dimmed">
            {text.apiNote}
          </Text>
        </div>
        <div>
          <Text fw={600}>{text.format}</Text>
          <Text size="sm" c="dimmed">
            {text.formatNote}
          </Text>
        </div>
      </Stack>
    </Section>
  )
}

function databaseOf({ database }: About): string {
  return `${database.kind === 'sqlite' ? 'SQLite' : 'PostgreSQL'} ${database.version}`
}

/** As it is pasted into a question to others: without what says where things are. */
function asText(about: About): string {
  const tools = about.tools.filter(({ isFound }) => isFound).map(({ name, version }) => `${name} ${version ?? '?'}`)
  return [`Holdfast ${about.version}`, `Node.js ${about.node}, ${about.platform}`, databaseOf(about), ...tools].join('\n')
}
