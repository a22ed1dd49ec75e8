import type { FileReference } from '@longhaul/protocol'
import type { ByteSource } from './byte-source.ts'
import type { Connection } from './connection.ts'
import { withPace } from './transfer-pace.ts'
import { uploadSource, type UploadOptions } from './upload-source.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
/** What a submission's input may hold: JSON, and files still to be uploaded. */
export type InputValue =
  ByteSource | readonly ByteSource[] | FileReference | readonly FileReference[] | Json

/** Files of one submission that are on their way at once; each has parts of its own. */
const filesAtOnce = 4

/** Uploads the files of an input; answers the input with references in their place. */
export async function uploadInput(
  connection: Connection,
  input: Readonly<Record<string, InputValue>>,
  options: UploadOptions,
): Promise<Record<string, unknown>> {
  const sources = [...new Set(Object.values(input).flatMap(sourcesOf))]
  const references = new Map<ByteSource, FileReference>()
  const progress = sharedProgress(sources, options.onProgress)
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])])
  const waiting = sources.values()
  const lane = async (): Promise<void> => {
    for (const source of waiting) {
      signal.throwIfAborted()
      const how = { ...options, onProgress: progress(source), signal }
      const { uploadId, sha256 } = await uploadSource(connection, source, how)
      // What the file's digest is, also where the store does not know it.
      references.set(source, { upload_id: uploadId, ...(sha256 === undefined ? {} : { sha256 }) })
    }
  }
  try {
    await Promise.all(Array.from({ length: filesAtOnce }, lane))
  } finally {
    stop.abort() // one that fails takes the others with it
  }
  const referenceTo = (source: ByteSource): FileReference | undefined => references.get(source)
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      if (isSource(value)) return [name, referenceTo(value)]
      return [name, holdsSources(value) ? value.map(referenceTo) : value]
    }),
  )
}

const isSource = (value: unknown): value is ByteSource =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as ByteSource).slice === 'function' &&
  'size' in value
const holdsSources = (value: unknown): value is readonly ByteSource[] =>
  Array.isArray(value) && value.length > 0 && value.every(isSource)
const sourcesOf = (value: InputValue): readonly ByteSource[] =>
  isSource(value) ? [value] : holdsSources(value) ? value : []

/** One bar over all files of a submission. */
function sharedProgress(
  sources: readonly ByteSource[],
  onProgress: UploadOptions['onProgress'],
): (source: ByteSource) => UploadOptions['onProgress'] {
  const report = withPace(onProgress)
  const total = sources.reduce((sum, { size }) => sum + size, 0)
  const sent = new Map<ByteSource, number>()
  return (source) =>
    report &&
    ((bytes) => {
      sent.set(source, bytes)
      report(
        [...sent.values()].reduce((sum, each) => sum + each, 0),
        total,
      )
    })
}
