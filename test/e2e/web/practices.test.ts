import { expect, test } from 'vitest'
import { furnishedLabOfFile } from './furnished-lab.ts'
import { allPages } from './pages.ts'
import type { Visit } from './web-lab.ts'

const { lab, subjects } = furnishedLabOfFile()

/** What is held against every page: what Lighthouse calls best practices, as far as a page can be seen to keep to them. */
const CHECKS: Readonly<Record<string, string>> = {
  'has a doctype': 'document.doctype?.name === "html" && document.compatMode === "CSS1Compat"',
  'says its charset': 'document.characterSet === "UTF-8" && document.querySelector("meta[charset]") !== null',
  'fits its window': '/width=device-width/.test(document.querySelector("meta[name=viewport]").content)',
  'may be zoomed': '!/user-scalable=no|maximum-scale/.test(document.querySelector("meta[name=viewport]").content)',
  'has a title, a language and a description':
    'document.title !== "" && document.documentElement.lang !== "" && document.querySelector("meta[name=description]").content !== ""',
  'has no script of its own text': '[...document.scripts].every((script) => script.src !== "" && script.textContent === "")',
  'takes no handlers from attributes':
    '![...document.querySelectorAll("*")].some((one) => [...one.attributes].some(({ name }) => /^on/.test(name)))',
  'knows the sizes of its pictures':
    '[...document.images].every((image) => image.hasAttribute("width") || image.getBoundingClientRect().width > 0)',
  'lets passwords be pasted': '[...document.querySelectorAll("input[type=password]")].every((input) => !input.hasAttribute("onpaste"))',
  'opens nothing else with a way back':
    '[...document.querySelectorAll("a[target=_blank]")].every((link) => /noopener|noreferrer/.test(link.rel))',
  'names its fields':
    'document.querySelectorAll(":is(input:not([type=hidden]), select, textarea):not([id], [name], [aria-hidden])").length === 0',
  'is not huge': 'document.querySelectorAll("*").length < 4000',
}

interface Issue {
  readonly code: string
  readonly details: object
}

/** What the browser itself complains of: deprecated ways, cookies, mixed content, the policy. */
async function issuesOf({ page }: Visit): Promise<Issue[]> {
  const issues: Issue[] = []
  const devtools = await page.context().newCDPSession(page)
  devtools.on('Audits.issueAdded', ({ issue }) => {
    // The component for text of several lines measures itself by a field that nobody sees; ours are looked at above.
    if (issue.details.genericIssueDetails?.errorType !== 'FormEmptyIdAndNameAttributesForInputError') issues.push(issue)
  })
  await devtools.send('Audits.enable')
  return issues
}

test('every page keeps to good practice', async () => {
  const visit = await lab.visit({ as: 'admin' })
  const issues = await issuesOf(visit)
  const kept = new Map(Object.keys(CHECKS).map((name) => [name, 0]))
  const broken: string[] = []
  const pages = allPages(subjects).filter(({ isPublic }) => isPublic !== true)
  for (const { name, path } of pages) {
    const page = await visit.open(path)
    for (const [check, expression] of Object.entries(CHECKS)) {
      if ((await page.evaluate(expression)) === true) kept.set(check, (kept.get(check) ?? 0) + 1)
      else broken.push(`${name} ${check}`)
    }
    broken.push(...visit.complaints.map((complaint) => `${name}: ${complaint}`))
  }
  for (const [check, count] of kept) process.stdout.write(`${count} of ${pages.length} pages: ${check}\n`)
  process.stdout.write(`${issues.length} issues in the browser's own list\n`)
  expect(broken).toEqual([])
  expect(issues.map(({ code, details }) => `${code} ${JSON.stringify(details)}`)).toEqual([])
}, 240_000)
