import type { Command, Hooks } from '@holdfast/protocol'
import { ActionIcon, Button, Fieldset, Group, NumberInput, Stack, Text, Textarea, Tooltip } from '@mantine/core'
import { IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { hooksMessages } from './hooks-messages.ts'

export interface HooksEditorProps {
  readonly value: Hooks
  onChange(value: Hooks): void
  readonly isReadOnly?: boolean
  /** What is wrong with single fields, by their paths below the hooks: `pre.0.line`. */
  readonly errors?: Readonly<Record<string, string>>
}

type Place = keyof Hooks

const PLACES: readonly Place[] = ['pre', 'post', 'onFailure']
const DEFAULT_TIMEOUT_SECONDS = 3600
const TIMEOUT_SECONDS_MAX = 86_400
const COMMANDS_MAX = 50

/** Commands that a machine runs before and after its backups, each with a time limit. */
export function HooksEditor({ value, onChange, isReadOnly = false, errors = {} }: HooksEditorProps): ReactElement {
  const text = useMessages(hooksMessages)
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {text.shell}
      </Text>
      {PLACES.map((place) => (
        <CommandList
          key={place}
          place={place}
          commands={value[place]}
          onChange={(commands) => onChange({ ...value, [place]: [...commands] })}
          isReadOnly={isReadOnly}
          errors={errors}
        />
      ))}
    </Stack>
  )
}

interface CommandListProps {
  readonly place: Place
  readonly commands: readonly Command[]
  onChange(commands: readonly Command[]): void
  readonly isReadOnly: boolean
  readonly errors: Readonly<Record<string, string>>
}

function CommandList({ place, commands, onChange, isReadOnly, errors }: CommandListProps): ReactElement {
  const text = useMessages(hooksMessages)
  const help = { pre: text.preHelp, post: text.postHelp, onFailure: text.onFailureHelp }[place]
  const add = (): void => onChange([...commands, { line: '', timeoutSeconds: DEFAULT_TIMEOUT_SECONDS }])
  return (
    <Fieldset legend={text[place]}>
      <Text size="sm" c="dimmed" mb="xs">
        {commands.length === 0 && isReadOnly ? text.none : help}
      </Text>
      <Stack gap="sm">
        {commands.map((command, index) => (
          <CommandRow
            // biome-ignore lint/suspicious/noArrayIndexKey: commands have no other name than their place
            key={index}
            number={index + 1}
            command={command}
            onChange={(changed) => onChange(commands.with(index, changed))}
            onRemove={() => onChange(commands.toSpliced(index, 1))}
            onUp={() => onChange(commands.toSpliced(index, 1).toSpliced(index - 1, 0, command))}
            isReadOnly={isReadOnly}
            lineError={errors[`${place}.${index}.line`]}
            timeoutError={errors[`${place}.${index}.timeoutSeconds`]}
          />
        ))}
        {isReadOnly || commands.length >= COMMANDS_MAX ? null : (
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={add}
              aria-label={text.addTo(text[place])}
            >
              {text.add}
            </Button>
          </Group>
        )}
      </Stack>
    </Fieldset>
  )
}

interface CommandRowProps {
  readonly number: number
  readonly command: Command
  onChange(command: Command): void
  onRemove(): void
  onUp(): void
  readonly isReadOnly: boolean
  readonly lineError: string | undefined
  readonly timeoutError: string | undefined
}

function CommandRow({ number, command, onChange, onRemove, onUp, isReadOnly, lineError, timeoutError }: CommandRowProps): ReactElement {
  const text = useMessages(hooksMessages)
  return (
    <Group gap="xs" align="flex-start">
      <Textarea
        label={text.command(number)}
        value={command.line}
        onChange={({ currentTarget }) => onChange({ ...command, line: currentTarget.value })}
        readOnly={isReadOnly}
        error={lineError}
        autosize
        maxRows={8}
        spellCheck={false}
        autoCapitalize="off"
        style={{ flex: '1 1 16rem' }}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      <NumberInput
        label={text.seconds}
        value={command.timeoutSeconds}
        onChange={(seconds) => onChange({ ...command, timeoutSeconds: typeof seconds === 'number' ? seconds : DEFAULT_TIMEOUT_SECONDS })}
        readOnly={isReadOnly}
        error={timeoutError}
        min={1}
        max={TIMEOUT_SECONDS_MAX}
        allowDecimal={false}
        w={140}
      />
      {isReadOnly ? null : (
        <Group gap={4} mt={25} wrap="nowrap">
          <Tooltip label={text.up(number)}>
            <ActionIcon variant="default" size={36} onClick={onUp} disabled={number === 1} aria-label={text.up(number)}>
              <IconArrowUp size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={text.remove(number)}>
            <ActionIcon variant="default" size={36} onClick={onRemove} aria-label={text.remove(number)}>
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      )}
    </Group>
  )
}
