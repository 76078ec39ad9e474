import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Visit } from './web-lab.ts'

/** The checker's script, whole, as it is put into pages. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }

interface Finding {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What the checker finds: in words, with the place. */
export async function findings({ page }: Visit): Promise<readonly string[]> {
  await page.evaluate(AXE)
  const { violations }: { readonly violations: readonly Finding[] } = await page.evaluate(`axe.run(document, ${JSON.stringify(RULES)})`)
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${failureSummary} in ${html.slice(0, 300)}`))
}
