import type { Client } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import { bytes, count, counted } from '../format/quantity.ts'
import { transferLine } from '../format/transfer-line.ts'
import type { Output } from '../output.ts'
import type { EachFile, EachMemory } from './each-memory.ts'

export interface SentFile extends EachFile {
  readonly uploadId: string
  readonly sha256: string
}

const lanes = 4

/** Uploads every file that the memory does not know as uploaded, some at a time; in the order they came. */
export async function sendEach(
  client: Client,
  files: readonly EachFile[],
  memory: EachMemory,
  output: Output,
  signal: AbortSignal,
): Promise<readonly SentFile[]> {
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const line = transferLine('upload')
  const inFlight = new Map<EachFile, number>()
  const sent = Array.from<SentFile>({ length: files.length })
  let done = 0
  let known = 0
  const draw = (): void => {
    const underWay = [...inFlight.values()].reduce((sum, each) => sum + each, 0)
    output.live(`${line(done + underWay, total)}  (${count(known)} there already)`)
  }
  const waiting = files.entries()
  const lane = async (): Promise<void> => {
    for (const [index, file] of waiting) {
      signal.throwIfAborted()
      const before = memory.recall(file)
      let { sha256 } = before ?? {}
      let uploadId = before?.uploadId ?? ''
      if (sha256 === undefined) {
        const source = await fileSource(file.path)
        const digest = source.sha256!(signal)
        digest.catch(() => {}) // the upload says it
        const uploaded = await client.upload(
          { ...source, sha256: () => digest },
          {
            uploadId: before?.uploadId,
            onStarted: (id) => void memory.remember(file, { uploadId: id }).catch(() => {}),
            onProgress: (now) => {
              inFlight.set(file, now)
              draw()
            },
            signal,
          },
        )
        uploadId = uploaded.uploadId
        sha256 = await digest
        await memory.remember(file, { uploadId, sha256 })
      } else known += 1
      inFlight.delete(file)
      done += file.size
      draw()
      sent[index] = { ...file, uploadId, sha256 }
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    output.settle()
  }
  const there = known > 0 ? `, ${count(known)} were there already` : ''
  output.say(`  uploaded ${counted(files.length, 'file')}, ${bytes(total)}${there}`)
  return sent
}
