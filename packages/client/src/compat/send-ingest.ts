import { ingestCompleted, ingestStarted } from '@longhaul/protocol'
import type { ByteSource } from '../byte-source.ts'
import type { Connection } from '../connection.ts'
import { sendParts } from '../send-parts.ts'
import { UploadError } from './errors.ts'
import { binsStarted, ingestSeen, type StartedFile } from './ingest-answers.ts'

export interface Bin {
  readonly binId: string
  readonly files: readonly ByteSource[]
}
export interface IngestOptions {
  readonly onProgress?: ((sentBytes: number, totalBytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Files on their way at once. @default 4 */
  readonly filesAtOnce?: number | undefined
  /** Which processor, where the base URL names none and the service has several. */
  readonly processor?: string | undefined
}
interface Sending {
  readonly file: StartedFile
  readonly source: ByteSource
  readonly binId: string | undefined
}

/** System A's upload: files in no bins. Answers the id of the job that the last of them starts. */
export async function sendFiles(
  connection: Connection,
  sources: readonly ByteSource[],
  options: IngestOptions = {},
): Promise<string> {
  refuseTwins(sources)
  const started = await connection.read(ingestStarted, '/ingest/start', {
    method: 'POST',
    json: { files: sources.map(announced), processor: options.processor },
    signal: options.signal,
    repeatable: false,
  })
  const sending = pair(started.files, sources, undefined)
  return send(connection, started.job_id, sending, options)
}

/** System B's: one job for all bins. */
export async function sendBins(
  connection: Connection,
  bins: readonly Bin[],
  options: IngestOptions = {},
): Promise<string> {
  for (const { files } of bins) refuseTwins(files)
  const started = await connection.read(binsStarted, '/ingest/start', {
    method: 'POST',
    json: {
      bins: bins.map(({ binId, files }) => ({ bin_id: binId, files: files.map(announced) })),
      processor: options.processor,
    },
    signal: options.signal,
    repeatable: false,
  })
  const sending = bins.flatMap(({ binId, files }) => {
    const answered = started.bins.find(({ bin_id }) => bin_id === binId)
    return pair(answered?.files ?? [], files, binId)
  })
  return send(connection, started.job_id, sending, options)
}

async function send(
  connection: Connection,
  jobId: string,
  files: readonly Sending[],
  { onProgress, filesAtOnce = 4, ...options }: IngestOptions,
): Promise<string> {
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  const total = files.reduce((sum, { source }) => sum + source.size, 0)
  const sent = new Map<Sending, number>()
  const waiting = files.values()
  const lane = async (): Promise<void> => {
    for (const one of waiting) {
      signal.throwIfAborted()
      await sendFile(connection, jobId, one, signal, (bytes) => {
        sent.set(one, bytes)
        onProgress?.(
          [...sent.values()].reduce((sum, each) => sum + each, 0),
          total,
        )
      })
    }
  }
  try {
    await Promise.all(Array.from({ length: filesAtOnce }, lane))
  } finally {
    stop.abort() // one that fails takes the others with it
  }
  return jobId
}

async function sendFile(
  connection: Connection,
  jobId: string,
  { file, source, binId }: Sending,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const etags = new Map<number, string>()
  for (let { part_urls: parts } = file, round = 0; ; round++) {
    const missing = parts.filter(({ part_number }) => !etags.has(part_number))
    const partBytes = file.part_size_bytes
    const receivedBytes = etags.size * partBytes
    const sent = await sendParts(connection, source, {
      parts: missing,
      partBytes,
      receivedBytes,
      onProgress,
      signal,
    })
    for (const { partNumber, etag } of sent.parts) {
      if (etag === null)
        throw new UploadError(`${source.name}: the store gave no ETag for part ${partNumber}`)
      etags.set(partNumber, /^(W\/)?"/.test(etag) ? etag : `"${etag}"`)
    }
    if (!sent.expired) break
    if (round === 100)
      throw new UploadError(`${source.name}: signed URLs expire faster than parts arrive`)
    const seen = await connection.read(ingestSeen, `/ingest/${jobId}`, { signal })
    parts = seen.files.find(({ file_id }) => file_id === file.file_id)?.part_urls ?? []
  }
  await connection.read(ingestCompleted, '/ingest/complete', {
    method: 'POST',
    json: {
      job_id: jobId,
      bin_id: binId,
      file_id: file.file_id,
      upload_id: file.upload_id,
      parts: [...etags]
        .sort(([a], [b]) => a - b)
        .map(([PartNumber, ETag]) => ({ PartNumber, ETag })),
    },
    signal,
    timeoutMs: 0, // a store may copy terabytes here
  })
}

const announced = ({ name, size }: ByteSource) => ({ filename: name, size_bytes: size })

function pair(
  answered: readonly StartedFile[],
  sources: readonly ByteSource[],
  binId: string | undefined,
): readonly Sending[] {
  return sources.map((source) => {
    const file = answered.find(({ filename }) => filename === source.name)
    if (file === undefined)
      throw new UploadError(`The service did not say where ${source.name} goes`)
    return { file, source, binId }
  })
}

function refuseTwins(sources: readonly ByteSource[]): void {
  const names = new Set<string>()
  for (const { name } of sources) {
    if (names.has(name))
      throw new UploadError(`Two files are called ${name}; nothing was sent. Rename one of them`)
    names.add(name)
  }
}
