/**
 * The look of the pages on the server, for a page that loads nothing: their colours, type and shapes, dark where the browser is. What
 * counts there is in `packages/web/src/app/theme.ts`.
 */
export const STYLE = `
  :root {
    color-scheme: light dark;
    --page: #f5f7f7; --card: #fff; --line: #dfe4e5; --field-line: #868e96; --text: #1c2224; --dim: #565e66;
    --accent: #0b6e63; --accent-hover: #07594f; --on-accent: #fff; --bad: #b4232a; --bad-back: #fff5f5; --good: #07594f;
    --sans: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK JP', 'Hiragino Sans', 'Yu Gothic UI', sans-serif;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --page: #14181a; --card: #1b2023; --line: #30373b; --field-line: #6c757b; --text: #dfe3e5; --dim: #a7b0b7;
      --accent: #197868; --accent-hover: #0b6e63; --bad: #ff8f8f; --bad-back: #2f2022; --good: #77c0b4;
    }
  }
  * { box-sizing: border-box; }
  body { background: var(--page); color: var(--text); font: 15px/1.55 var(--sans); margin: 0; }
  header { align-items: center; background: var(--card); border-bottom: 1px solid var(--line); display: flex; gap: .625rem; }
  header { padding: .75rem 1.25rem; }
  header svg { height: 1.75rem; width: 1.75rem; }
  header span { font-weight: 700; }
  main { margin: 0 auto; max-width: 36rem; padding: 2rem 1rem 3rem; }
  .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1.25rem; }
  h1 { font-size: 1.375rem; line-height: 1.3; margin: 0 0 .375rem; overflow-wrap: anywhere; }
  p { margin: 0; overflow-wrap: anywhere; }
  .lead { color: var(--dim); margin-bottom: 1.25rem; }
  label { display: block; font-size: .875rem; font-weight: 600; }
  label + label { margin-top: 1rem; }
  small { color: var(--dim); display: block; font-size: .8125rem; font-weight: 400; }
  input, textarea {
    background: var(--card); border: 1px solid var(--field-line); border-radius: .375rem; color: inherit; display: block; font: inherit;
    font-weight: 400; margin-top: .25rem; padding: .4375rem .75rem; width: 100%;
  }
  textarea { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .875rem; resize: vertical; }
  input[name=code][autofocus] { font-family: ui-monospace, monospace; letter-spacing: .1em; text-transform: uppercase; }
  button, .button {
    background: var(--accent); border: 0; border-radius: .375rem; color: var(--on-accent); cursor: pointer; display: inline-block;
    font: inherit; font-weight: 600; margin-top: 1.25rem; padding: .5rem 1.125rem; text-decoration: none;
  }
  button:hover, .button:hover { background: var(--accent-hover); }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
  [role=alert] { background: var(--bad-back); border-left: .25rem solid var(--bad); border-radius: .25rem; }
  [role=alert] { margin-bottom: 1.25rem; padding: .625rem .875rem; }
  [role=alert] strong { color: var(--bad); display: block; }
  dl { border-top: 1px solid var(--line); display: grid; gap: .625rem 1.25rem; grid-template-columns: max-content 1fr; }
  dl { margin: 0; padding-top: 1.25rem; }
  dt { color: var(--dim); }
  dd { margin: 0; overflow-wrap: anywhere; }
  .finished { color: var(--good); }
  .error { color: var(--bad); }
  @media (max-width: 26rem) { dl { grid-template-columns: 1fr; gap: .125rem; } dd + dt { margin-top: .625rem; } }
`
