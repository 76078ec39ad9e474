import { type ComponentProps, type ReactElement, useCallback, useEffect, useRef, useState } from 'react'
import { showNotice } from '../ui/notices.tsx'
import type { AccountChoices } from './account-choices.tsx'
import { later } from './clock.ts'
import { useMessages } from './language.tsx'
import { appMessages } from './messages.ts'
import { useMe } from './session.tsx'
import classes from './shell.module.css'

/** What is behind the button takes longer to load and to make than the button: the page comes first. */
const CHOICES_AFTER_MS = 500

interface Loaded {
  readonly Choices: typeof AccountChoices
  /** Whether the button, which is another one then, takes the focus over. */
  readonly autoFocus: boolean
}

/** Who one is, and behind it what one may choose. */
export function AccountMenu(): ReactElement {
  const text = useMessages(appMessages)
  const button = useRef<HTMLButtonElement>(null)
  const [loaded, setLoaded] = useState<Loaded>()
  const [isWanted, setWanted] = useState(false)
  const load = useCallback(async () => {
    const { AccountChoices: Choices } = await import('./account-choices.tsx')
    const autoFocus = document.activeElement === button.current
    setLoaded((before) => before ?? { Choices, autoFocus })
  }, [])
  // Whoever presses the button is told what is wrong.
  useEffect(() => later(CHOICES_AFTER_MS, () => void load().catch(() => undefined)), [load])
  const open = async (): Promise<void> => {
    setWanted(true)
    try {
      await load()
    } catch (error) {
      setWanted(false)
      showNotice({ tone: 'bad', title: text.menuFailed, message: error instanceof Error ? error.message : String(error) })
    }
  }
  if (loaded === undefined) return <AccountButton ref={button} onClick={() => void open()} />
  const { Choices, ...focus } = loaded
  return <Choices button={<AccountButton {...focus} />} isOpen={isWanted} />
}

function AccountButton(props: ComponentProps<'button'>): ReactElement {
  const text = useMessages(appMessages)
  const { username } = useMe()
  const initials = username.slice(0, 2).toUpperCase()
  return (
    <button
      type="button"
      aria-label={`${initials}, ${text.account}: ${username}`}
      aria-haspopup="menu"
      {...props}
      className={classes.account}
    >
      <span aria-hidden>{initials}</span>
    </button>
  )
}
