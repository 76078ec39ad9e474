import { Text, VisuallyHidden } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { welcomeMessages } from './messages.ts'
import classes from './welcome.module.css'
import { isDone, WIZARD_STEPS, type WizardStep } from './wizard-steps.ts'

/** Which steps there are, and which of them is shown. */
export function WizardTrail({ current, isOver }: { readonly current: WizardStep; readonly isOver: boolean }): ReactElement {
  const text = useMessages(welcomeMessages)
  return (
    <nav aria-label={text.steps}>
      <ol className={classes.trail}>
        {WIZARD_STEPS.map((step, index) => {
          const isBehind = isOver || isDone(step, current)
          const state = isBehind ? 'done' : step === current ? 'current' : 'ahead'
          return (
            <li key={step} data-state={state} aria-current={step === current ? 'step' : undefined} className={classes.trailStep}>
              <span className={classes.trailMark} aria-hidden>
                {isBehind ? <IconCheck size={14} stroke={3} /> : index + 1}
              </span>
              <span className={classes.trailName}>{text[`step_${step}`]}</span>
              {isBehind ? <VisuallyHidden>{text.stepDone}</VisuallyHidden> : null}
            </li>
          )
        })}
      </ol>
      <Text size="sm" c="dimmed" className={classes.trailCount ?? ''} aria-hidden>
        {text.stepOf(WIZARD_STEPS.indexOf(current) + 1, WIZARD_STEPS.length)} · {text[`step_${current}`]}
      </Text>
    </nav>
  )
}
