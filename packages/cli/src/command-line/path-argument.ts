import { readFileSync } from 'node:fs'
import { type ByteString, byteStringFrom, byteStringOf, displayText } from '@holdfast/engine'

/**
 * The bytes of a path that was typed as an argument. Node gives arguments as text, in which bytes that are not UTF-8 are lost; the system
 * still has them.
 */
export function pathArgument(text: string): ByteString {
  if (!text.includes('\ufffd')) return byteStringOf(text)
  const match = rawArguments().find((argument) => displayText(argument) === text)
  return match ?? byteStringOf(text)
}

function rawArguments(): readonly ByteString[] {
  try {
    return byteStringFrom(readFileSync('/proc/self/cmdline')).split('\0') as ByteString[]
  } catch {
    return []
  }
}
