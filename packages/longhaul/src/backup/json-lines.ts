import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'

/** Writes one JSON value a line; `end` resolves when all of it is on the disk. */
export function writeLines(file: string) {
  const stream = createWriteStream(file, { mode: 0o600, flush: true })
  return {
    async add(value: object): Promise<void> {
      if (!stream.write(`${JSON.stringify(value)}\n`)) await once(stream, 'drain')
    },
    async end(): Promise<void> {
      stream.end()
      await finished(stream)
    },
  }
}

export async function* readLines(file: string): AsyncGenerator<string> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity })
  for await (const line of lines) if (line !== '') yield line
}
