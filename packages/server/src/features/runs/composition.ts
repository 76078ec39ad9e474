import type { Clock } from '@holdfast/engine'
import type { Database } from '../../db/database.ts'
import type { Audit } from '../audit/audit.ts'
import type { Clients } from '../clients/clients.ts'
import { Plans } from '../plans/plans.ts'
import { PlanStore } from '../plans/store.ts'
import { Scheduler } from '../scheduling/scheduler.ts'
import { AgentRuns } from './agent-runs.ts'
import { RunDispatch } from './run-dispatch.ts'
import { RunFeed } from './run-feed.ts'
import { RunLifecycle } from './run-lifecycle.ts'
import { RunOrders } from './run-orders.ts'
import { RunSweeper } from './run-sweeper.ts'
import { LiveProgress } from './run-view.ts'
import { RunWatch } from './run-watch.ts'
import { Runs } from './runs.ts'
import { RunStore } from './store.ts'
import { WorkBell, type WorkSource } from './work-bell.ts'

/** Plans and runs, put together. */
export interface RunServices {
  readonly plans: Plans
  readonly runs: Runs
  readonly runStore: RunStore
  readonly agentRuns: AgentRuns
  readonly bell: WorkBell
  readonly watch: RunWatch
  readonly scheduler: Scheduler
  readonly sweeper: RunSweeper
}

export interface RunFoundations {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly clients: Clients
  readonly processId: string
  /** What agents wait for beside runs. */
  readonly otherWork: readonly WorkSource[]
}

/** Puts together what makes runs of plans and carries them from hand to hand. */
export function composeRuns({ database, clock, audit, clients, processId, otherWork }: RunFoundations): RunServices {
  const store = new RunStore(database.queries)
  const planStore = new PlanStore(database.queries)
  const live = new LiveProgress()
  const feed = new RunFeed({ store, live, clock, isShared: database.kind === 'postgres' })
  const bell = new WorkBell([store, ...otherWork], clock)
  const lifecycle = new RunLifecycle({ store, clock, feed, bell, live })
  const runs = new Runs({ store, lifecycle, live, clients, audit, clock, processId })
  const plans = new Plans({ store: planStore, clients, runs, audit, clock })
  clients.listen({
    async changed(id) {
      const isInService = await clients.isInService(id)
      await plans.clientChanged(id, { isInService })
      if (!isInService) await runs.stopClient(id)
    },
  })
  const dispatch = new RunDispatch({ store, lifecycle, orders: new RunOrders({ plans, clients }), clock })
  return {
    plans,
    runs,
    runStore: store,
    agentRuns: new AgentRuns({ store, lifecycle, dispatch, bell, clock }),
    bell,
    watch: new RunWatch({ store, feed, live, clock }),
    scheduler: new Scheduler({
      store: planStore,
      plans,
      runs: { find: (id) => store.find(id), created: (run) => lifecycle.created(run) },
      clock,
    }),
    sweeper: new RunSweeper({ store, lifecycle, clock }),
  }
}
