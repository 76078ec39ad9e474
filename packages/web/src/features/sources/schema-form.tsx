import { ActionIcon, Button, Collapse, Fieldset, Group, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconChevronDown, IconChevronRight, IconPlus, IconTrash } from '@tabler/icons-react'
import { type ReactElement, useId } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { FoldersField } from './folders-field.tsx'
import { defaultsOf, errorOf, errorsBelow, type JsonSchema, type SchemaValue, wordsOf } from './json-schema.ts'
import { LinesField } from './lines-field.tsx'
import { sourceMessages } from './messages.ts'
import { AmountField, BooleanField, ChoiceField, type SchemaFieldProps, TextField } from './scalar-fields.tsx'

export interface SchemaFormProps {
  /** Of an object. */
  readonly schema: JsonSchema
  readonly value: SchemaValue
  onChange(value: SchemaValue): void
  /** Whose folders are offered where paths are asked for; without one they are typed. */
  readonly clientId?: number
  /** What is wrong with single fields, by their paths with dots. */
  readonly errors?: Readonly<Record<string, string>>
  readonly isReadOnly?: boolean
}

/** A form drawn from a JSON schema: whatever a new kind of source asks for can be filled in without code of its own. */
export function SchemaForm({ schema, value, onChange, errors = {}, ...rest }: SchemaFormProps): ReactElement {
  const fields = Object.entries(schema.properties ?? {})
  const draw = ([name, field]: readonly [string, JsonSchema]): ReactElement => (
    <SchemaField
      key={name}
      name={name}
      schema={field}
      value={value[name]}
      isRequired={schema.required?.includes(name) === true}
      onChange={(changed) => onChange(withField(value, name, changed))}
      errors={errors}
      {...rest}
    />
  )
  const advanced = fields.filter(([, field]) => field['x-advanced'] === true)
  const isTouched = advanced.some(([name, field]) => !isDefault(value[name], field))
  const isWrong = advanced.some(([name]) => errorOf(errors, name) !== undefined)
  return (
    <Stack gap="md">
      {fields.filter(([, field]) => field['x-advanced'] !== true).map(draw)}
      {advanced.length === 0 ? null : (
        <MoreFields isOpenAtFirst={isTouched} isWrong={isWrong}>
          {advanced.map(draw)}
        </MoreFields>
      )}
    </Stack>
  )
}

interface MoreFieldsProps {
  readonly isOpenAtFirst: boolean
  /** What is wrong is never hidden. */
  readonly isWrong: boolean
  readonly children: ReactElement[]
}

function MoreFields({ isOpenAtFirst, isWrong, children }: MoreFieldsProps): ReactElement {
  const text = useMessages(sourceMessages)
  const [isChosen, { toggle }] = useDisclosure(isOpenAtFirst)
  const isOpen = isChosen || isWrong
  const id = useId()
  return (
    <div>
      <Button
        variant="subtle"
        size="xs"
        px={6}
        onClick={toggle}
        aria-expanded={isOpen}
        aria-controls={id}
        leftSection={isOpen ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
      >
        {text.more}
      </Button>
      <Collapse expanded={isOpen} id={id}>
        <Stack gap="md" pt="sm">
          {children}
        </Stack>
      </Collapse>
    </div>
  )
}

function SchemaField(props: SchemaFieldProps): ReactElement | null {
  const { schema } = props
  if (schema.enum !== undefined) return <ChoiceField {...props} />
  switch (schema.type) {
    case 'boolean':
      return <BooleanField {...props} />
    case 'integer':
    case 'number':
      return <AmountField {...props} />
    case 'string':
      return <TextField {...props} />
    case 'array':
      return schema.items?.type === 'object' ? <ObjectListField {...props} /> : <TextListField {...props} />
    case 'object':
      return <ObjectField {...props} />
    default:
      return null
  }
}

function TextListField({
  name,
  schema,
  value,
  onChange,
  isRequired,
  clientId,
  errors,
  isReadOnly = false,
}: SchemaFieldProps): ReactElement {
  const text = useMessages(sourceMessages)
  const { language } = useLanguage()
  const { title, description } = wordsOf(schema, name, language)
  const texts = Array.isArray(value) ? value.map(String) : []
  const error = errorOf(errors, name)
  if (schema['x-control'] === 'folders' && clientId !== undefined)
    return <FoldersField {...{ clientId, label: title, description, value: texts, onChange, isReadOnly, error }} />
  return (
    <LinesField
      label={title}
      description={[description, text.onePerLine].filter((part) => part !== undefined).join(' ')}
      value={texts}
      onChange={onChange}
      isReadOnly={isReadOnly}
      error={error}
      required={isRequired}
    />
  )
}

function ObjectField({ name, schema, value, onChange, clientId, errors, isReadOnly }: SchemaFieldProps): ReactElement {
  const { language } = useLanguage()
  const rest = { ...(clientId === undefined ? {} : { clientId }), ...(isReadOnly === undefined ? {} : { isReadOnly }) }
  return (
    <Fieldset legend={wordsOf(schema, name, language).title}>
      <SchemaForm schema={schema} value={objectOf(value)} onChange={onChange} errors={errorsBelow(errors, name)} {...rest} />
    </Fieldset>
  )
}

function ObjectListField({ name, schema, value, onChange, clientId, errors, isReadOnly }: SchemaFieldProps): ReactElement {
  const text = useMessages(sourceMessages)
  const { language } = useLanguage()
  const items = Array.isArray(value) ? value : []
  const item = schema.items ?? {}
  const rest = { ...(clientId === undefined ? {} : { clientId }), ...(isReadOnly === undefined ? {} : { isReadOnly }) }
  return (
    <Fieldset legend={wordsOf(schema, name, language).title}>
      <Stack gap="md">
        {items.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries have no other name than their place
          <Fieldset key={index} legend={text.item(index + 1)}>
            <SchemaForm
              schema={item}
              value={objectOf(one)}
              onChange={(changed) => onChange(items.with(index, changed))}
              errors={errorsBelow(errors, `${name}.${index}`)}
              {...rest}
            />
            {isReadOnly === true ? null : (
              <ActionIcon variant="default" mt="sm" onClick={() => onChange(items.toSpliced(index, 1))} aria-label={text.remove(index + 1)}>
                <IconTrash size={18} aria-hidden />
              </ActionIcon>
            )}
          </Fieldset>
        ))}
        {isReadOnly === true ? null : (
          <Group>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlus size={16} aria-hidden />}
              onClick={() => onChange([...items, defaultsOf(item)])}
            >
              {text.add}
            </Button>
          </Group>
        )}
      </Stack>
    </Fieldset>
  )
}

function withField(value: SchemaValue, name: string, changed: unknown): SchemaValue {
  const { [name]: _before, ...others } = value
  return changed === undefined ? others : { ...value, [name]: changed }
}

function objectOf(value: unknown): SchemaValue {
  return typeof value === 'object' && value !== null ? (value as SchemaValue) : {}
}

function isDefault(value: unknown, { default: given }: JsonSchema): boolean {
  return value === undefined || JSON.stringify(value) === JSON.stringify(given)
}
