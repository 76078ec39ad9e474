import { Anchor, Group, NativeSelect, NumberInput, PasswordInput, Radio, SimpleGrid, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { type ReactElement, useId, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { CHANNEL_KINDS, type ChannelDraft, type ChannelKind, MAIL_PORTS } from './channel-draft.ts'
import { channelMessages } from './channel-messages.ts'
import { generatePassword } from './generated-password.ts'
import type { ChannelErrors } from './use-problem-words.ts'

export interface ChannelFieldsProps {
  readonly draft: ChannelDraft
  readonly errors: ChannelErrors
  /** Whether there is no secret yet that could stay. */
  readonly isNew: boolean
  readonly onChange: (changes: Partial<ChannelDraft>) => void
}

/** Where messages go to. */
export function KindField({ draft, onChange }: ChannelFieldsProps): ReactElement {
  const text = useMessages(channelMessages)
  const helps: Readonly<Record<ChannelKind, string>> = {
    mail: text.mailHelp,
    webhook: text.webhookHelp,
    ntfy: text.ntfyHelp,
    ping: text.pingHelp,
  }
  return (
    <Radio.Group label={text.kind} value={draft.kind} onChange={(kind) => onChange({ kind: kind as ChannelKind, secret: '' })}>
      <Stack gap={6} mt="xs">
        {CHANNEL_KINDS.map((kind) => (
          <Radio key={kind} value={kind} label={text[kind]} description={helps[kind]} />
        ))}
      </Stack>
    </Radio.Group>
  )
}

/** Server, sender and receivers of mail. */
export function MailFields({ draft, errors, isNew, onChange }: ChannelFieldsProps): ReactElement {
  const text = useMessages(channelMessages)
  const chooseSecurity = (security: ChannelDraft['security']): void => {
    const isUsual = draft.port === MAIL_PORTS[draft.security]
    onChange({ security, ...(isUsual ? { port: MAIL_PORTS[security] } : {}) })
  }
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextField name="host" label={text.host} {...{ draft, errors, onChange }} />
        <NativeSelect
          label={text.security}
          value={draft.security}
          onChange={(event) => chooseSecurity(event.currentTarget.value as ChannelDraft['security'])}
          data={[
            { value: 'starttls', label: text.starttls },
            { value: 'tls', label: text.tls },
            { value: 'none', label: text.noSecurity },
          ]}
        />
        <NumberInput
          label={text.port}
          value={draft.port}
          onChange={(port) => onChange({ port })}
          error={errors.port}
          min={1}
          max={65_535}
          allowDecimal={false}
          thousandSeparator=""
        />
        <TextField name="username" label={text.username} description={text.usernameHelp} {...{ draft, errors, onChange }} />
      </SimpleGrid>
      {draft.username.trim() === '' ? null : <SecretField label={text.password} {...{ draft, errors, isNew, onChange }} />}
      <TextField name="from" label={text.from} type="email" {...{ draft, errors, onChange }} />
      <Textarea
        label={text.to}
        description={text.toHelp}
        value={draft.to}
        onChange={(event) => onChange({ to: event.currentTarget.value })}
        error={errors.to}
        autosize
        minRows={1}
        maxRows={6}
      />
    </Stack>
  )
}

/** The URL of everything but mail, and the secret that goes with it. */
export function UrlFields({ draft, errors, isNew, onChange }: ChannelFieldsProps): ReactElement {
  const text = useMessages(channelMessages)
  return (
    <Stack gap="sm">
      <TextField
        name="url"
        label={text.url}
        description={draft.kind === 'ntfy' ? text.ntfyUrlHelp : undefined}
        type="url"
        {...{ draft, errors, onChange }}
      />
      {draft.kind === 'webhook' ? (
        <SecretField label={text.secret} description={text.secretHelp} canGenerate {...{ draft, errors, isNew, onChange }} />
      ) : null}
      {draft.kind === 'ntfy' ? (
        <SecretField label={text.token} description={text.tokenHelp} {...{ draft, errors, isNew, onChange }} />
      ) : null}
    </Stack>
  )
}

interface TextFieldProps extends Omit<ChannelFieldsProps, 'isNew'> {
  readonly name: 'host' | 'username' | 'from' | 'url'
  readonly label: string
  readonly description?: string | undefined
  readonly type?: 'email' | 'url'
}

function TextField({ name, label, description, type, draft, errors, onChange }: TextFieldProps): ReactElement {
  return (
    <TextInput
      label={label}
      description={description}
      {...(type === undefined ? {} : { type })}
      value={draft[name]}
      onChange={(event) => onChange({ [name]: event.currentTarget.value })}
      error={errors[name]}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
    />
  )
}

interface SecretFieldProps extends ChannelFieldsProps {
  readonly label: string
  readonly description?: string
  readonly canGenerate?: true
}

function SecretField({ label, description, canGenerate, draft, errors, isNew, onChange }: SecretFieldProps): ReactElement {
  const text = useMessages(channelMessages)
  const id = useId()
  const [isVisible, setVisible] = useState(false)
  const generate = (): void => {
    onChange({ secret: generatePassword() })
    setVisible(true)
  }
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text component="label" htmlFor={id} size="sm" fw={500}>
          {label}
        </Text>
        {canGenerate === true ? (
          <Anchor component="button" type="button" size="sm" onClick={generate}>
            {text.generate}
          </Anchor>
        ) : null}
      </Group>
      <PasswordInput
        id={id}
        description={[description, isNew ? undefined : text.keepSecret].filter((one) => one !== undefined).join(' ')}
        value={draft.secret}
        onChange={(event) => onChange({ secret: event.currentTarget.value })}
        error={errors.secret}
        visible={isVisible}
        onVisibilityChange={setVisible}
        visibilityToggleButtonProps={{ 'aria-label': text.showSecret }}
        autoComplete="new-password"
        maxLength={500}
      />
    </div>
  )
}
