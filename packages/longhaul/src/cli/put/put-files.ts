import { TransferError, type Client, type UploadMemory } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import { exitCode, exitCodeOf, type ExitCode } from '../exit-code.ts'
import type { Output } from '../output.ts'
import type { FileToPut } from './files-to-put.ts'
import { knownUpload, partCountOf } from './known-upload.ts'
import { createTally } from './tally.ts'

export interface HowToPut {
  /** Files at once, and parts of each. */
  readonly parallel: number
  readonly partBytes: number | undefined
  readonly signal: AbortSignal
}

/**
 * Sends what the service has not. A file that cannot be sent (it changed, it is refused) does not keep the others from their
 * turn; a service that is not there, or lets nobody in, ends it all.
 */
export async function putFiles(
  client: Client,
  files: readonly FileToPut[],
  memory: UploadMemory,
  output: Output,
  how: HowToPut,
): Promise<ExitCode> {
  const tally = createTally(files, output)
  const codes: ExitCode[] = []
  const started = new Map<FileToPut, string>()
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, how.signal])

  const send = async (file: FileToPut): Promise<void> => {
    const source = await fileSource(file.path, { name: file.name })
    const known = await knownUpload(client, memory, source)
    if (known?.status === 'completed') {
      tally.there(file)
      return say(file, known.upload_id, file.size)
    }
    const uploaded = await client.upload(source, {
      memory: known === undefined ? onlyNew(memory) : memory,
      partBytes: how.partBytes,
      parallel: how.parallel,
      onStarted: (id) => void started.set(file, id),
      onProgress: (sent) => tally.sent(file, sent),
      signal,
    })
    tally.done(file)
    say(file, uploaded.uploadId, uploaded.resumedBytes, uploaded.sha256)
  }
  const say = (file: FileToPut, id: string, resumed: number, sha256?: string): void => {
    output.data(`${id}\t${file.name}`)
    const fields = { upload_id: id, path: file.path, name: file.name, size_bytes: file.size }
    output.object('upload', { ...fields, resumed_bytes: resumed, sha256 })
  }
  const waiting = files.values()
  const lane = async (): Promise<void> => {
    for (const file of waiting) {
      signal.throwIfAborted()
      try {
        await send(file)
        codes.push(exitCode.done)
      } catch (error) {
        if (!concernsOneFile(error)) throw error
        tally.failed(file)
        codes.push(exitCodeOf(error))
        const text = await explain(client, started.get(file), file, error as Error)
        output.object('error', { path: file.path, name: file.name, message: text })
        output.complain(`longhaul: ${text}`)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: how.parallel }, lane))
  } finally {
    stop.abort()
    output.settle()
  }
  tally.sum()
  const failure = codes.find((code) => code !== exitCode.done)
  if (failure === undefined) return exitCode.done
  return codes.includes(exitCode.done) ? exitCode.someFailed : failure
}

/** What is remembered is of another name, or gone. */
const onlyNew = (memory: UploadMemory): UploadMemory => ({
  ...memory,
  recall: () => Promise.resolve(undefined),
})

/** Not: a key that is refused, a full disk, a service that is not there. */
function concernsOneFile(error: unknown): boolean {
  if (error instanceof TransferError) return true
  const { status } = error as { status?: unknown }
  return (
    exitCodeOf(error) === exitCode.refused && ![401, 403, 429, 503, 507].includes(Number(status))
  )
}

/** `scans/x.tif changed while uploading (mtime 10:02 → 10:07); 3 of 9 parts kept; the same command sends the new file`. */
async function explain(
  client: Client,
  uploadId: string | undefined,
  file: FileToPut,
  error: Error,
): Promise<string> {
  const text = error.message.replaceAll(file.path, file.shown)
  if (!(error instanceof TransferError)) return `${file.shown}: ${text}`
  const id = error.kind === 'source-changed' ? uploadId : undefined
  const view = id === undefined ? undefined : await client.uploadStatus(id).catch(() => undefined)
  if (view === undefined) return text
  const count = partCountOf(view)
  const kept = `${count - view.missing_parts.length} of ${count} parts kept`
  return text.replace('; the same command', `; ${kept}; the same command`)
}
