import type { AgentStatus } from '../agent-status.ts'
import type { StoredEnrolment } from '../state/enrolment.ts'
import { type Html, html } from './html.ts'

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; max-width: 34rem; padding: 2.5rem 1.25rem; }
  h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
  p.lead { margin-top: 0; opacity: .75; }
  label { display: block; font-weight: 600; margin-top: 1rem; }
  small { display: block; font-weight: 400; opacity: .75; }
  input, textarea { box-sizing: border-box; font: inherit; margin-top: .25rem; padding: .5rem; width: 100%; }
  button { background: #0b6e4f; border: 0; border-radius: .375rem; color: #fff; font: inherit; font-weight: 600; }
  button { margin-top: 1.5rem; padding: .625rem 1.25rem; }
  [role=alert] { border-left: .25rem solid #b3261e; padding: .25rem 0 .25rem .75rem; }
  dl { display: grid; gap: .375rem 1rem; grid-template-columns: max-content 1fr; }
  dt { font-weight: 600; }
  dd { margin: 0; overflow-wrap: anywhere; }
`

/** What a person typed into the form, shown again when it did not do. */
export interface FormValues {
  readonly serverUrl: string
  readonly username: string
  readonly clientName: string
  readonly paths: string
}

/** Asks for the code that the agent has printed. `problem` is empty where there is none. */
export function codeView(problem: string): Html {
  return page(
    'Holdfast agent',
    html`<p class="lead">The agent of this machine printed a code when it started: in its terminal, or in its log.</p>
      ${problemOf(problem)}
      <form method="post" action="/open">
        <label>Code<input name="code" required autofocus autocomplete="off" spellcheck="false"></label>
        <button>Continue</button>
      </form>`,
  )
}

/** Asks for what a machine needs to come in. */
export function formView(values: FormValues, { problem, proof }: { readonly problem: string; readonly proof: string }): Html {
  return page(
    'Protect this machine',
    html`<p class="lead">Name your Holdfast server, who you are there, and what is to be backed up.</p>
      ${problemOf(problem)}
      <form method="post" action="/register">
        <input type="hidden" name="proof" value="${proof}">
        <label>Server
          <input name="serverUrl" type="url" required placeholder="https://backup.example.org" value="${values.serverUrl}"></label>
        <label>User<input name="username" required autocomplete="username" value="${values.username}"></label>
        <label>Password<small>Used once, to let this machine in; it is not kept.</small>
          <input name="password" type="password" required autocomplete="current-password"></label>
        <label>Authenticator code<small>If your account asks for one.</small><input name="code" autocomplete="one-time-code"></label>
        <label>Name of this machine<input name="clientName" required maxlength="200" value="${values.clientName}"></label>
        <label>Folders<small>One a line.</small><textarea name="paths" rows="4" required>${values.paths}</textarea></label>
        <button>Protect</button>
      </form>`,
  )
}

/** Confirms that the machine is in, and shows how it is. */
export function statusView({ clientName, serverUrl, pagePath }: StoredEnrolment, status: AgentStatus): Html {
  const { problem, currentRun, lastRun, heardAt } = status
  return page(
    `${clientName} is protected`,
    html`<p class="lead">This machine belongs to <a href="${serverUrl}${pagePath}">${clientName} on ${serverUrl}</a>.</p>
      ${problemOf(problem ?? '')}
      <dl>
        <dt>Server answered</dt><dd>${heardAt ?? 'not yet'}</dd>
        <dt>Now</dt><dd>${currentRun === null ? 'waiting' : `${currentRun.name} since ${currentRun.startedAt}`}</dd>
        <dt>Last run</dt><dd>${lastRun === null ? 'none yet' : lastRunOf(lastRun)}</dd>
      </dl>`,
    html`<meta http-equiv="refresh" content="5">`,
  )
}

function lastRunOf({ name, finishedAt, outcome }: NonNullable<AgentStatus['lastRun']>): string {
  const { error, snapshotId, state } = outcome
  const end = error?.message ?? (snapshotId === null ? state : `snapshot ${snapshotId.slice(0, 8)} saved`)
  return `${name}, ${finishedAt}: ${end}`
}

/** The style carries the nonce that the header names: nothing else on the page may style or run. */
function page(title: string, content: Html, head: Html = html``): Html {
  return html`<!doctype html>
    <html lang="en">
      <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>${head}
      <style nonce="NONCE">${{ html: STYLE }}</style></head>
      <body><main><h1>${title}</h1>${content}</main></body>
    </html>`
}

function problemOf(problem: string): Html {
  return problem === '' ? html`` : html`<p role="alert">${problem}</p>`
}
