import { systemClock } from '../../host/clock.ts'
import { serveTasks, workerSettings } from '../../repository/worker-tasks.ts'
import type { PreviewTask } from './preview.ts'
import { SelectionScale } from './selection-scale.ts'

workerSettings()
serveTasks((task: PreviewTask) => new SelectionScale(task, systemClock).weigh())
