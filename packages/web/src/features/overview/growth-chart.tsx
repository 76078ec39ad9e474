import type { HistoryDay } from '@holdfast/protocol'
import { useElementSize } from '@mantine/hooks'
import { type PointerEvent, type ReactElement, useState } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import classes from './growth-chart.module.css'
import { type GrowthScale, growthScale, nearestPoint } from './growth-scale.ts'
import { overviewMessages } from './messages.ts'

const HEIGHT = 176
const MARGINS = { left: 78, right: 10, top: 10 }

/**
 * What the repositories hold, day by day. Drawn here, in a few lines: a library of charts would weigh more than half of what the whole
 * first page may.
 */
export function GrowthChart({ days }: { readonly days: readonly HistoryDay[] }): ReactElement {
  const text = useMessages(overviewMessages)
  const format = useFormat()
  const { ref, width } = useElementSize<HTMLDivElement>()
  const [pointerX, setPointerX] = useState<number>()
  const scale = growthScale(days, { width, height: HEIGHT, ...MARGINS })
  const over = pointerX === undefined ? undefined : nearestPoint(scale.points, pointerX)
  const label = text.growthLabel(days.length, format.bytes(days[0]?.storedBytes ?? 0), format.bytes(days.at(-1)?.storedBytes ?? 0))
  const follow = (event: PointerEvent<SVGSVGElement>): void => setPointerX(event.clientX - event.currentTarget.getBoundingClientRect().left)
  return (
    <div ref={ref} className={classes.frame}>
      {width === 0 ? null : (
        <svg
          role="img"
          aria-label={label}
          width={width}
          height={HEIGHT + 26}
          onPointerMove={follow}
          onPointerDown={follow}
          onPointerLeave={() => setPointerX(undefined)}
        >
          <Lines scale={scale} width={width} />
          <Curve scale={scale} />
          <Dates days={days} scale={scale} />
          {over === undefined ? null : (
            <g className={classes.over}>
              <line x1={over.x} x2={over.x} y1={MARGINS.top} y2={HEIGHT} />
              <circle cx={over.x} cy={over.y} r={4} />
            </g>
          )}
        </svg>
      )}
      {over === undefined ? null : (
        <div className={classes.note} style={{ left: over.x }} data-side={over.x > width / 2 ? 'left' : 'right'} aria-hidden>
          <DayName day={over.day.day} />
          <b>{format.bytes(over.day.storedBytes)}</b>
        </div>
      )}
    </div>
  )
}

function Lines({ scale, width }: { readonly scale: GrowthScale; readonly width: number }): ReactElement {
  const format = useFormat()
  return (
    <g className={classes.lines}>
      {scale.lines.map((bytes) => (
        <g key={bytes}>
          <line x1={MARGINS.left} x2={width - MARGINS.right} y1={scale.y(bytes)} y2={scale.y(bytes)} />
          <text x={MARGINS.left - 10} y={scale.y(bytes)} dy="0.32em" textAnchor="end">
            {format.bytes(bytes)}
          </text>
        </g>
      ))}
    </g>
  )
}

function Curve({ scale: { points, y } }: { readonly scale: GrowthScale }): ReactElement | null {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return null
  const path = points.map((point) => `${point.x.toFixed(1)} ${point.y.toFixed(1)}`).join(' L ')
  return (
    <g>
      <path className={classes.area} d={`M ${first.x} ${y(0)} L ${path} L ${last.x} ${y(0)} Z`} />
      <path className={classes.curve} d={`M ${path}`} />
    </g>
  )
}

/** The first and the last day, and one between them where there is room. */
function Dates({ days, scale: { points } }: { readonly days: readonly HistoryDay[]; readonly scale: GrowthScale }): ReactElement {
  const last = points.length - 1
  const span = (points[last]?.x ?? 0) - (points[0]?.x ?? 0)
  const shown = span > 260 && last > 3 ? [0, Math.floor(last / 2), last] : [0, last]
  return (
    <g className={classes.dates}>
      {[...new Set(shown)].map((index) => (
        <text key={index} x={points[index]?.x} y={HEIGHT + 20} textAnchor={index === 0 ? 'start' : index === last ? 'end' : 'middle'}>
          <DayName day={days[index]?.day ?? ''} />
        </text>
      ))}
    </g>
  )
}

function DayName({ day }: { readonly day: string }): ReactElement {
  const { language } = useLanguage()
  const format = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', timeZone: 'UTC' })
  return <>{format.format(new Date(`${day}T00:00:00Z`))}</>
}
