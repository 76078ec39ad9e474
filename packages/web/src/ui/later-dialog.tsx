import { type ComponentType, type LazyExoticComponent, lazy, type ReactElement, Suspense, useEffect, useState } from 'react'
import { useMessages } from '../app/language.tsx'
import { uiMessages } from './messages.ts'
import { showNotice } from './notices.tsx'

interface Closable {
  readonly onClose: () => void
}

/**
 * A dialog whose code comes when it is first opened, so that the page it belongs to does not wait for it. Where the code cannot be had, a
 * notice says so, the page stays, and the next opening tries again.
 */
export function laterDialog<Props extends Closable>(load: () => Promise<ComponentType<Props>>): (props: Props) => ReactElement {
  let current = fresh()
  function fresh(): LazyExoticComponent<ComponentType<Props>> {
    return lazy(async () => {
      try {
        return { default: await load() }
      } catch {
        current = fresh()
        return { default: NotLoaded }
      }
    })
  }
  return (props) => {
    const [Dialog] = useState(() => current)
    return (
      <Suspense fallback={null}>
        <Dialog {...props} />
      </Suspense>
    )
  }
}

function NotLoaded({ onClose }: Closable): null {
  const text = useMessages(uiMessages)
  // biome-ignore lint/correctness/useExhaustiveDependencies: said once, however often the page is drawn
  useEffect(() => {
    showNotice({ title: text.failed, message: text.notLoaded, tone: 'bad' })
    onClose()
  }, [])
  return null
}
