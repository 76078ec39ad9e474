import { type Migration, mentions, ownedBy, required } from '../columns.ts'

/** Users with their sessions, tokens and second factors, and the audit log. */
export const accountsMigration: Migration = {
  name: '0001-accounts',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('users'))
      .addColumn('username', 'text', (column) => column.notNull().unique())
      .addColumn('password_hash', 'text')
      .addColumn('role', 'text', required)
      .addColumn('is_disabled', 'integer', required)
      .addColumn('oidc_subject', 'text', (column) => column.unique())
      .addColumn('totp_secret', 'text')
      .addColumn('totp_last_step', columns.number)
      .addColumn('totp_pending', 'text')
      .addColumn('retention', 'text')
      .addColumn('created_at', columns.number, required)
      .execute()
    await columns
      .id(schema.createTable('recovery_codes'))
      .addColumn('user_id', 'integer', ownedBy('users'))
      .addColumn('code_hash', 'text', required)
      .execute()
    await schema
      .createTable('failed_attempts')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('count', 'integer', required)
      .addColumn('forgotten_at', columns.number, required)
      .execute()
    await columns
      .id(schema.createTable('sessions'))
      .addColumn('user_id', 'integer', ownedBy('users'))
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('created_at', columns.number, required)
      .addColumn('last_seen_at', columns.number, required)
      .addColumn('expires_at', columns.number, required)
      .addColumn('address', 'text', required)
      .addColumn('user_agent', 'text', required)
      .execute()
    await columns
      .id(schema.createTable('api_tokens'))
      .addColumn('user_id', 'integer', ownedBy('users'))
      .addColumn('name', 'text', required)
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('scopes', 'text', required)
      .addColumn('created_at', columns.number, required)
      .addColumn('expires_at', columns.number)
      .addColumn('last_used_at', columns.number)
      .execute()
    await columns
      .id(schema.createTable('audit_entries'))
      .addColumn('at', columns.number, required)
      .addColumn('user_id', 'integer', mentions('users'))
      .addColumn('actor', 'text', required)
      .addColumn('action', 'text', required)
      .addColumn('subject', 'text', required)
      .addColumn('detail', 'text', required)
      .addColumn('address', 'text', required)
      .execute()
    await schema.createIndex('recovery_codes_user').on('recovery_codes').column('user_id').execute()
    await schema.createIndex('sessions_user').on('sessions').column('user_id').execute()
    await schema.createIndex('api_tokens_user').on('api_tokens').column('user_id').execute()
    await schema.createIndex('audit_entries_action').on('audit_entries').columns(['action', 'id']).execute()
    await schema.createIndex('audit_entries_subject').on('audit_entries').columns(['subject', 'id']).execute()
    await schema.createIndex('audit_entries_at').on('audit_entries').column('at').execute()
  },
}
