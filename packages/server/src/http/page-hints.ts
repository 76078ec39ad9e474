import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a page needs; written where the pages are built. */
interface PageHint {
  /** Path of a route, with names of parameters: `/clients/$clientId`. */
  readonly path: string
  /** What everything else waits for first. */
  readonly files: readonly string[]
  /** What it asks the server first, with names of parameters as in the path. */
  readonly questions: readonly string[]
}

export interface PageVisit {
  /** As it was asked for, with what stands behind a question mark. */
  readonly url: string
  /** Whether somebody seems to be signed in: nobody else gets answers. */
  readonly hasSession: boolean
}

/** Pages that nobody needs to be signed in for. */
const OPEN_TO_ALL = '/sign-in'
const WHO = '/api/v1/me'
/** A little less than the router takes for an id. */
const ID = /^[1-9]\d{0,8}$/
const PARAMETER = /\$\w+/g

/**
 * The `Link` header that lets a browser fetch what a page will need while it still reads the page: the page's own code and styles, and who
 * is signed in and what the page shows first. Undefined where nothing is known of the page.
 */
export function linksOfPage(root: string, { url, hasSession }: PageVisit): string | undefined {
  const [path = '/', search] = url.split('?', 2)
  const isOpen = path === OPEN_TO_ALL
  if (!isOpen && !hasSession) return linksOf(hintOf(root, OPEN_TO_ALL)?.files ?? [])
  const hint = hintOf(root, path)
  if (hint === undefined) return undefined
  // What is asked first is known for the plain address alone.
  return linksOf(hint.files, isOpen ? [] : [WHO, ...(search === undefined ? questionsOf(hint, path) : [])])
}

/** None for addresses that a page reads another id from than they say: `/runs/07`. */
function questionsOf({ path: route, questions }: PageHint, path: string): readonly string[] {
  const steps = path.split('/')
  const ids = new Map(route.split('/').flatMap((step, index) => (step.startsWith('$') ? [[step, steps[index] ?? '']] : [])))
  if (![...ids.values()].every((id) => ID.test(id))) return []
  return questions.map((one) => one.replace(PARAMETER, (name) => ids.get(name) ?? ''))
}

function hintOf(root: string, path: string): PageHint | undefined {
  const steps = path.split('/')
  return readHints(root).find((hint) => {
    const wanted = hint.path.split('/')
    return wanted.length === steps.length && wanted.every((one, index) => one.startsWith('$') || one === steps[index])
  })
}

/** Read anew each time, as the page is: the pages may be built while the server runs. Without hints pages are slower, and no worse. */
function readHints(root: string): readonly PageHint[] {
  try {
    return JSON.parse(readFileSync(join(root, 'page-hints.json'), 'utf8'))
  } catch {
    return []
  }
}

function linksOf(files: readonly string[], questions: readonly string[] = []): string | undefined {
  const [first, ...others] = files.map(linkOfFile)
  // A browser uses what it has fetched for calls that are made in the same way: with the cookies of this server.
  const asked = questions.map((one) => `<${one}>; rel=preload; as=fetch; crossorigin=anonymous`)
  const links = [...(first === undefined ? [] : [first]), ...asked, ...others]
  return links.length === 0 ? undefined : links.join(', ')
}

function linkOfFile(path: string): string {
  return path.endsWith('.css') ? `<${path}>; rel=preload; as=style; crossorigin=anonymous` : `<${path}>; rel=modulepreload`
}
