import type { ReactElement, ReactNode } from 'react'
import classes from './file-name.module.css'
import { FileName } from './file-name.tsx'

/** Words of another program, or with names in them that somebody else chose: shown like a `FileName`, line by line. */
export function MessageText({ children }: { readonly children: string }): ReactElement {
  return (
    <span className={classes.name}>
      {children.split('\n').map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines of one text keep their places
        <span key={index}>
          {index === 0 ? null : '\n'}
          <FileName>{line}</FileName>
        </span>
      ))}
    </span>
  )
}

/** A text as a `MessageText`, anything else as it is: for pieces that take either. */
export function shownText(content: ReactNode): ReactNode {
  return typeof content === 'string' ? <MessageText>{content}</MessageText> : content
}
