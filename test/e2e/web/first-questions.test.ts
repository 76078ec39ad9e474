import { expect, test } from 'vitest'
import { labOfFile } from './web-lab.ts'

/** Notes what scripts of the page ask for, whether or not the browser has it already. */
const LISTEN = `
  window.asked = [];
  const ask = window.fetch;
  window.fetch = (target, ...rest) => {
    window.asked.push(new URL(target.url ?? target, location.origin));
    return ask(target, ...rest);
  };
`

const lab = labOfFile(async (empty) => {
  await empty.addRepository()
  empty.file('home/ann/notes.txt', 'text')
  const { id } = await empty.addAgent('desk')
  await empty.backUp(id, [empty.place.path('home')])
})

/** The API's paths that the server tells browsers of together with a page. */
function questionsOf(link: string): readonly string[] {
  return [...link.matchAll(/<([^>]+)>; rel=preload; as=fetch/g)].map(([, path = '']) => path)
}

// A question in the hints that a page asks in other words is asked twice, and the first answer is thrown away.
test.concurrent.each(['/', '/clients', '/clients/1', '/plans', '/runs', '/runs/1', '/snapshots', '/snapshots/1', '/repositories'])(
  '%s asks first what its hints say, word for word, and asks it once',
  async (path) => {
    const visit = await lab.visit({ as: 'admin' })
    const { page } = visit
    const fetched: string[] = []
    await page.addInitScript(LISTEN)
    page.on('request', (request) => fetched.push(request.url().slice(lab.url.length)))
    // Once the page hears what happens, or that it cannot, it asks for all anew.
    await page.route('**/api/v1/events*', () => undefined)
    const reply = await page.goto(path)
    await visit.settled()
    const asked: readonly string[] = await page.evaluate('window.asked.map(({ pathname, search }) => pathname + search)')
    const questions = questionsOf((await reply?.headerValue('link')) ?? '')
    expect(questions).toContain('/api/v1/me')
    expect(questions.length, 'beside who is signed in').toBeGreaterThan(1)
    const timesOf = (all: readonly string[]) => questions.map((question) => [question, all.filter((one) => one === question).length])
    const once = questions.map((question) => [question, 1])
    expect(timesOf(asked), 'by the page').toEqual(once)
    // What was foretold and then not used would be fetched again.
    expect(timesOf(fetched), 'by the browser').toEqual(once)
    expect(visit.complaints).toEqual([])
  },
)
