import type { ReactElement } from 'react'
import { encode } from 'uqr'

/** Light modules around it, without which readers do not find it (ISO/IEC 18004). */
const QUIET_MODULES = 4

/** Text as a picture that a phone reads. Dark on light in either scheme: many readers know nothing else. */
export function QrCode({ value, label }: { readonly value: string; readonly label: string }): ReactElement {
  const { data, size } = encode(value, { ecc: 'M', border: QUIET_MODULES })
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('')
  return (
    <svg viewBox={`0 0 ${size} ${size}`} width={200} height={200} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" rx={1} />
      <path d={path} fill="#000" />
    </svg>
  )
}
