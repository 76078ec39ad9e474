import type { ReactElement } from 'react'
import classes from './file-name.module.css'

/** Characters that would not show, or would make the rest show as something else: controls, direction marks, blanks of no width. */
const MISLEADING = /[\p{Cc}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/u
const PARTS = /([\p{Cc}\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2064\u2066-\u2069\uFEFF])/u

/** A name that somebody else chose: nothing in it changes what stands around it, and what would not show is shown as its code. */
export function FileName({ children }: { readonly children: string }): ReactElement {
  const parts = MISLEADING.test(children) ? children.split(PARTS) : [children]
  return (
    <bdi className={classes.name}>
      {parts.map((part, index) =>
        MISLEADING.test(part) ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text keep their places
          <span key={index} className={classes.code}>
            {codeOf(part)}
          </span>
        ) : (
          part
        ),
      )}
    </bdi>
  )
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
