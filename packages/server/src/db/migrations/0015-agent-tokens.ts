import { type Migration, ownedBy, required } from '../columns.ts'

/** Tokens that agents replace by themselves: the one that is offered, since when there is the one in force, and those that were. */
export const agentTokensMigration: Migration = {
  name: '0015-agent-tokens',
  async up(schema, columns) {
    await schema.alterTable('clients').addColumn('next_token_hash', 'text').execute()
    await schema.alterTable('clients').addColumn('token_since', columns.number).execute()
    await schema
      .alterTable('clients')
      .addColumn('is_rotation_wanted', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
    await schema.createIndex('clients_next_token').unique().on('clients').column('next_token_hash').execute()
    await schema
      .createTable('retired_tokens')
      .addColumn('token_hash', 'text', (column) => column.primaryKey())
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('retired_at', columns.number, required)
      .addColumn('reported_at', columns.number)
      .execute()
    await schema.createIndex('retired_tokens_client').on('retired_tokens').columns(['client_id', 'retired_at']).execute()
  },
}
