import { NativeSelect, NumberInput, PasswordInput, Switch, TextInput } from '@mantine/core'
import type { ReactElement } from 'react'
import { useLanguage } from '../../app/language.tsx'
import { BytesField } from './bytes-field.tsx'
import { type JsonSchema, wordsOf } from './json-schema.ts'

/** One field of a form that is drawn from a schema. */
export interface SchemaFieldProps {
  readonly name: string
  readonly schema: JsonSchema
  readonly value: unknown
  onChange(value: unknown): void
  readonly isRequired: boolean
  readonly clientId?: number
  readonly errors: Readonly<Record<string, string>>
  readonly isReadOnly?: boolean
}

/** A text, hidden while it is typed where it is a password. */
export function TextField({ name, schema, value, onChange, isRequired, errors, isReadOnly }: SchemaFieldProps): ReactElement {
  const { language } = useLanguage()
  const { title, description } = wordsOf(schema, name, language)
  const Field = schema.format === 'password' ? PasswordInput : TextInput
  return (
    <Field
      label={title}
      description={description}
      value={typeof value === 'string' ? value : ''}
      onChange={({ currentTarget }) => onChange(currentTarget.value === '' && !isRequired ? undefined : currentTarget.value)}
      error={errors[name]}
      required={isRequired}
      readOnly={isReadOnly}
      maxLength={schema.maxLength}
      autoComplete="off"
    />
  )
}

/** One of some values. */
export function ChoiceField({ name, schema, value, onChange, isRequired, errors, isReadOnly }: SchemaFieldProps): ReactElement {
  const { language } = useLanguage()
  const { title, description } = wordsOf(schema, name, language)
  const choices = schema.enum ?? []
  return (
    <NativeSelect
      label={title}
      description={description}
      data={[...(isRequired || schema.default !== undefined ? [] : ['']), ...choices.map(String)]}
      value={String(value ?? schema.default ?? '')}
      onChange={({ currentTarget }) => onChange(choices.find((choice) => String(choice) === currentTarget.value))}
      error={errors[name]}
      disabled={isReadOnly}
    />
  )
}

/** Yes or no. */
export function BooleanField({ name, schema, value, onChange, errors, isReadOnly }: SchemaFieldProps): ReactElement {
  const { language } = useLanguage()
  const { title, description } = wordsOf(schema, name, language)
  return (
    <Switch
      label={title}
      description={description}
      checked={value === true}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      error={errors[name]}
      disabled={isReadOnly}
    />
  )
}

/** A number, or an amount of bytes. */
export function AmountField({ name, schema, value, onChange, isRequired, errors, isReadOnly }: SchemaFieldProps): ReactElement {
  const { language } = useLanguage()
  const { title, description } = wordsOf(schema, name, language)
  const amount = typeof value === 'number' ? value : undefined
  if (schema['x-control'] === 'bytes')
    return (
      <BytesField label={title} description={description} value={amount} onChange={onChange} isReadOnly={isReadOnly} error={errors[name]} />
    )
  return (
    <NumberInput
      label={title}
      description={description}
      value={amount ?? ''}
      onChange={(changed) => onChange(typeof changed === 'number' ? changed : undefined)}
      error={errors[name]}
      required={isRequired}
      readOnly={isReadOnly}
      allowDecimal={schema.type === 'number'}
      min={schema.minimum}
      max={schema.maximum}
    />
  )
}
