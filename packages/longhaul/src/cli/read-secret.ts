import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/** A line that nobody shall see: asked for without an echo on a terminal, else the first line of stdin. Undefined: an empty one. */
export async function readSecret(
  question: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { stdin, stderr } = process
  const isTerminal = stdin.isTTY === true
  if (isTerminal) stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: stdin, output: silent, terminal: isTerminal, signal })
  try {
    for await (const line of lines) return line.trim() || undefined
    signal.throwIfAborted()
    return undefined
  } finally {
    lines.close()
    if (isTerminal) stderr.write('\n')
  }
}
