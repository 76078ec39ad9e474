import type { AgentStatus } from '../agent-status.ts'
import type { StoredEnrolment } from '../state/enrolment.ts'
import { type Html, html } from './html.ts'
import { MARK } from './icon.ts'
import type { PageMessages } from './messages.ts'
import { STYLE } from './style.ts'

/** Shows the state as it is every five seconds, without taking the focus or what is selected from anybody while nothing has changed. */
const LIVE = `
  setInterval(async () => {
    const answer = await fetch('/').catch(() => undefined)
    if (answer === undefined || !answer.ok) return
    const main = /<main>.*<\\/main>/s.exec(await answer.text())
    const fresh = main === null ? null : new DOMParser().parseFromString(main[0], 'text/html').querySelector('main')
    const shown = document.querySelector('main')
    if (fresh !== null && shown !== null && fresh.innerHTML !== shown.innerHTML) shown.replaceWith(fresh)
  }, 5000)
`

/** What a person typed into the form, shown again when it did not do. */
export interface FormValues {
  readonly serverUrl: string
  readonly username: string
  readonly clientName: string
  readonly paths: string
}

/** Asks for the code that the agent has printed. `problem` is empty where there is none. */
export function codeView(text: PageMessages, problem: string): Html {
  return page(text, {
    title: text.codeTitle,
    content: html`<p class="lead">${text.codeLead}</p>
      ${problem === '' ? html`` : html`<p role="alert">${problem}</p>`}
      <form method="post" action="/open">
        <label>${text.code}<input name="code" required autofocus autocomplete="off" spellcheck="false"></label>
        <button>${text.proceed}</button>
      </form>`,
  })
}

/** Asks for what a machine needs to come in. `problem` is what the server said, empty where there is none. */
export function formView(
  text: PageMessages,
  values: FormValues,
  { problem, proof }: { readonly problem: string; readonly proof: string },
): Html {
  return page(text, {
    title: text.formTitle,
    content: html`<p class="lead">${text.formLead}</p>
      ${problemOf(text.notLetIn, problem)}
      <form method="post" action="/register">
        <input type="hidden" name="proof" value="${proof}">
        <label>${text.server}
          <input name="serverUrl" type="url" required placeholder="https://backup.example.org" value="${values.serverUrl}"></label>
        <label>${text.user}<input name="username" required autocomplete="username" value="${values.username}"></label>
        <label>${text.password}<small>${text.passwordHint}</small>
          <input name="password" type="password" required autocomplete="current-password"></label>
        <label>${text.secondFactor}<small>${text.secondFactorHint}</small><input name="code" autocomplete="one-time-code"></label>
        <label>${text.machine}<input name="clientName" required maxlength="200" value="${values.clientName}"></label>
        <label>${text.folders}<small>${text.foldersHint}</small>
          <textarea name="paths" rows="4" required spellcheck="false">${values.paths}</textarea></label>
        <button>${text.protect}</button>
      </form>`,
  })
}

/** Confirms that the machine is in, and shows how it is. */
export function statusView(text: PageMessages, { clientName, serverUrl, pagePath }: StoredEnrolment, status: AgentStatus): Html {
  const { problem, currentRun, lastRun, heardAt } = status
  return page(text, {
    title: text.statusTitle(clientName),
    isLive: true,
    content: html`<p class="lead">${text.statusLead} ${serverUrl}</p>
      ${problemOf(text.cannotWork, problem ?? '')}
      <dl>
        <dt>${text.answered}</dt><dd>${heardAt === null ? text.never : moment(text, heardAt)}</dd>
        <dt>${text.now}</dt><dd>${
          currentRun === null ? text.waiting : html`${text.running(currentRun.name)} ${moment(text, currentRun.startedAt)}`
        }</dd>
        <dt>${text.lastRun}</dt><dd>${lastRun === null ? text.noRun : lastRunOf(text, lastRun)}</dd>
      </dl>
      <a class="button" href="${serverUrl}${pagePath}">${text.openOnServer}</a>`,
  })
}

/** Says one thing, for whoever came here by mistake. */
export function noticeView(text: PageMessages, notice: string): Html {
  return page(text, { title: text.noticeTitle, content: html`<p>${notice}</p>` })
}

function lastRunOf(text: PageMessages, { name, finishedAt, outcome }: NonNullable<AgentStatus['lastRun']>): Html {
  const { error, snapshotId, state } = outcome
  const end = error?.message ?? (snapshotId === null ? '' : text.saved(snapshotId.slice(0, 8)))
  const ending = end === '' ? html`` : html`<br>${end}`
  return html`<strong class="${state}">${text.states[state]}</strong>: ${name}, ${moment(text, finishedAt)}${ending}`
}

function moment(text: PageMessages, at: string): Html {
  const shown = new Intl.DateTimeFormat(text.language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at))
  return html`<time datetime="${at}">${shown}</time>`
}

function problemOf(title: string, problem: string): Html {
  return problem === '' ? html`` : html`<div role="alert"><strong>${title}</strong>${problem}</div>`
}

/** Style and script carry the nonce that the header names: nothing else on the page may style or run. */
function page(
  text: PageMessages,
  { title, content, isLive = false }: { readonly title: string; readonly content: Html; readonly isLive?: boolean },
): Html {
  return html`<!doctype html>
    <html lang="${text.language}">
      <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} – Holdfast</title>
      <link rel="icon" href="/icon.svg" type="image/svg+xml">
      <style nonce="NONCE">${{ html: STYLE }}</style></head>
      <body><header>${{ html: MARK }}<span>Holdfast</span></header><main><div class="card"><h1>${title}</h1>${content}</div></main>
      ${isLive ? html`<script nonce="NONCE">${{ html: LIVE }}</script>` : html``}</body>
    </html>`
}
