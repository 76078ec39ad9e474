import { type Migration, ownedBy, required } from '../columns.ts'

/** Questions to agents, and what the first steps with a server need to know. */
export const questionsMigration: Migration = {
  name: '0013-questions',
  async up(schema, columns) {
    await columns
      .id(schema.createTable('questions'))
      .addColumn('client_id', 'integer', ownedBy('clients'))
      .addColumn('question', 'text', required)
      .addColumn('asked_at', columns.number, required)
      .addColumn('taken_at', columns.number)
      .addColumn('answer', 'text')
      .execute()
    await schema
      .createTable('question_listeners')
      // Not tied to the client: an agent may come while its client is removed.
      .addColumn('client_id', 'integer', (column) => column.primaryKey())
      .addColumn('listens_until', columns.number, required)
      .execute()
    await schema
      .alterTable('users')
      .addColumn('has_generated_password', 'integer', (column) => column.notNull().defaultTo(0))
      .execute()
  },
}
