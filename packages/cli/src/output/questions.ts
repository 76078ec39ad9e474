import { CommandFailure } from '../command-failure.ts'
import type { Terminal } from './terminal.ts'

const ENTER = ['\r', '\n']
const INTERRUPT = '\u0003'
const END_OF_INPUT = '\u0004'
const ERASE = ['\u007f', '\b']
const ERASE_ALL = '\u0015'

/** Asks for something that is not shown while it is typed. Rejects with the signal's reason when that is aborted. */
export async function askSecret(terminal: Terminal, options: { readonly question: string; readonly signal: AbortSignal }): Promise<string> {
  const { input } = terminal
  // What is typed ahead must not be shown either.
  input.setRawMode?.(true)
  terminal.prompt(options.question)
  try {
    return await readTyped(terminal, options.signal)
  } finally {
    input.setRawMode?.(false)
    input.pause()
    terminal.prompt('\n')
  }
}

/** The first line of standard input, which is not a terminal. */
export async function readFirstLine(terminal: Terminal, signal: AbortSignal): Promise<string> {
  let read = ''
  const { input } = terminal
  const stop = (): void => void input.emit('end')
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const piece of input) {
      read += piece.toString()
      if (read.includes('\n')) break
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
  signal.throwIfAborted()
  if (read === '') throw new CommandFailure('usage', 'unable to read password: standard input is empty')
  return read.split(/\r?\n/, 1)[0] ?? ''
}

function readTyped({ input }: Terminal, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = []
    const settle = (finish: () => void): void => {
      input.off('data', take)
      input.off('end', end)
      signal.removeEventListener('abort', cancel)
      finish()
    }
    const cancel = (): void => settle(() => reject(signal.reason))
    const end = (): void => settle(() => reject(new CommandFailure('usage', 'unable to read password: the input ended')))
    const take = (piece: Buffer | string): void => {
      const keys = [...piece.toString()]
      const last = keys.findIndex((key) => ENTER.includes(key) || key === END_OF_INPUT)
      for (const key of last === -1 ? keys : keys.slice(0, last)) edit(typed, key)
      if (last === -1) return
      if (keys[last] === END_OF_INPUT) end()
      else settle(() => resolve(typed.join('')))
    }
    signal.addEventListener('abort', cancel, { once: true })
    input.on('data', take).on('end', end)
    input.resume()
  })
}

function edit(typed: string[], key: string): void {
  // A terminal in raw mode sends no signals.
  if (key === INTERRUPT) process.kill(process.pid, 'SIGINT')
  else if (ERASE.includes(key)) typed.pop()
  else if (key === ERASE_ALL) typed.length = 0
  else typed.push(key)
}
