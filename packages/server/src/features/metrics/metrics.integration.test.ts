import { afterAll, describe, expect, it } from 'vitest'
import { allDatabases, TestServer } from '../../testing/test-server.ts'

for (const databases of allDatabases()) {
  describe(`metrics on ${databases.name}`, () => {
    afterAll(() => databases.stop())

    it('show clients, runs and requests to whom they concern', async () => {
      await using server = await TestServer.start({ databaseUrl: await databases.create() })
      await server.addUser('root', 'admin')
      const ann = await server.addUser('ann', 'operator')
      await server.addUser('bob', 'operator')
      const { queries } = server.database
      const client = { owner_id: ann, token_hash: null, is_local: 0, is_disabled: 0, hostname: null, platform: null, version: null }
      const { id } = await queries
        .insertInto('clients')
        .values({ ...client, name: 'ann’s "mail"\n', settings: '{}', created_at: 1, last_ping_at: 5000, last_backup_at: 7000 })
        .returning('id')
        .executeTakeFirstOrThrow()
      const run = {
        kind: 'backup',
        plan_id: null,
        repository_id: null,
        request: '{}',
        trigger: 'manual',
        retry_of: null,
        attempt: 1,
        claim_count: 1,
      } as const
      const rest = {
        not_before: null,
        not_after: null,
        lease_holder: null,
        lease_expires_at: null,
        cancel_requested_at: null,
        log_bytes: 0,
        changed_at: 1,
        snapshot_id: null,
        progress: null,
        error: null,
      }
      const statistics = JSON.stringify({ totalBytes: 12, addedBytes: 3 })
      await queries
        .insertInto('runs')
        .values({ ...run, ...rest, client_id: id, state: 'finished', created_at: 1, started_at: 1000, finished_at: 3500, statistics })
        .execute()
      const all = (await server.request('GET /metrics', { as: 'root' })).body
      expect(all).toContain(`holdfast_client_last_success_timestamp_seconds{client="ann’s \\"mail\\"\\n",id="${id}"} 7`)
      expect(all).toContain(`holdfast_client_last_backup_duration_seconds{client="ann’s \\"mail\\"\\n",id="${id}"} 2.5`)
      expect(all).toContain('holdfast_runs{kind="backup",state="finished"} 1')
      expect(all).toContain('holdfast_process_resident_memory_bytes')
      const again = (await server.request('GET /metrics', { as: 'root' })).body
      expect(again).toContain('holdfast_http_request_duration_seconds_count{method="GET",route="/metrics",status="200"} 1')
      expect((await server.request('GET /metrics', { as: 'ann' })).body).toContain('holdfast_client_last_backup_bytes')
      const foreign = (await server.request('GET /metrics', { as: 'bob' })).body
      expect(foreign).not.toContain('mail')
      expect(foreign).not.toContain('holdfast_process')
      expect((await server.request('GET /metrics')).statusCode).toBe(401)
    })

    it('tell who watches whether the server is alive and ready', async () => {
      await using server = await TestServer.start({ databaseUrl: await databases.create() })
      expect((await server.request('GET /healthz')).json()).toEqual({ status: 'ok' })
      expect((await server.request('GET /readyz')).json()).toEqual({ status: 'ready' })
      await server.database.close()
      expect((await server.request('GET /healthz')).statusCode).toBe(200)
      expect((await server.request('GET /readyz')).statusCode).toBe(503)
    })
  })
}
