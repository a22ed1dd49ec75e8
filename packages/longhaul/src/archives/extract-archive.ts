import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import {
  CancelledError,
  PermanentError,
  type RunContext,
  type InputSpec,
} from '../processor/index.ts'
import { uriOfKey, type Storage } from '../storage/index.ts'
import type { Uploads } from '../uploads/uploads.ts'
import { archiveFiles, type ArchiveFile } from './archive-files.ts'
import type { ArchiveFormat, ArchiveLimits, Extracted } from './archives.ts'
import { FilesInto } from './store-files.ts'
import { noteKeyOf, removeExtraction } from './unfinished.ts'

/** What only the service has. */
export interface ExtractionHost {
  readonly storage: Storage
  readonly uploads: Pick<Uploads, 'checkRoom'>
  readonly limits: ArchiveLimits
}

/** What is to be extracted, as the job keeps it. */
export interface ExtractionInput {
  readonly key: string
  readonly name: string
  readonly format: ArchiveFormat
  readonly prefix: string
}

/** All of it was checked; files before `done` are stored. */
interface Checked {
  readonly entries: number
  readonly bytes: number
  readonly done: number
  readonly files: Extracted['files']
}

const mostListed = 1000
const maxKeyBytes = 1024
const maxNameBytes = 900
const reportEveryMs = 200

/** What no second try mends. */
const forGood = new Set([
  'archive-refused',
  'archive-unsupported',
  'object-not-found',
  'target-not-empty',
  'invalid-file-name',
])

/**
 * One attempt. The archive is read twice: first to the end without storing anything, so that one that is hostile or broken
 * leaves no trace; then its files are stored. A later attempt goes on behind what an earlier one has stored.
 */
export async function extractArchive(
  host: ExtractionHost,
  ctx: RunContext<InputSpec, unknown>,
): Promise<Extracted> {
  const input = ctx.input as unknown as ExtractionInput
  try {
    const checked = (ctx.restored as Checked | undefined) ?? (await check(host, input, ctx))
    const files = await store(host, input, checked, ctx)
    const { entries, bytes } = checked
    const { format, prefix } = input
    return { format, prefix, entries, bytes, files, is_cut: entries > files.length }
  } catch (error) {
    const reason: unknown = ctx.signal.reason
    if (reason instanceof CancelledError && reason.reason === 'cancelled')
      await removeExtraction(host.storage, ctx.jobId).catch(() => undefined) // tidied later, then
    if (!isLonghaulError(error) || !forGood.has(error.code)) throw error
    await removeExtraction(host.storage, ctx.jobId).catch(() => undefined)
    throw new PermanentError(error.message, { cause: error })
  }
}

/** Reads everything and keeps nothing. */
async function check(
  host: ExtractionHost,
  input: ExtractionInput,
  ctx: RunContext<InputSpec, unknown>,
): Promise<Checked> {
  let entries = 0
  let bytes = 0
  const report = reporter(ctx, 'verifying', () => ({ bytes, entries }))
  for await (const file of await filesOf(host, input, ctx.signal)) {
    report(file)
    for await (const chunk of file.body) {
      bytes += chunk.byteLength
      report(file)
    }
    entries++
  }
  await host.uploads.checkRoom(bytes)
  return { entries, bytes, done: 0, files: [] }
}

async function store(
  host: ExtractionHost,
  input: ExtractionInput,
  checked: Checked,
  ctx: RunContext<InputSpec, unknown>,
): Promise<Extracted['files']> {
  const { storage } = host
  const { prefix } = input
  const { signal, jobId } = ctx
  await claim(storage, prefix, jobId)
  const listed = new Map(checked.files.map((file, index) => [index, file]))
  let bytes = 0
  const into = new FilesInto({
    ...{ storage, prefix, signal },
    stored: ({ index, name }, { key, size, sha256 }) => {
      if (index >= mostListed) return
      const uri = uriOfKey(storage.bucket, key)
      const digest = sha256 === undefined ? {} : { sha256 }
      listed.set(index, { name, uri, size_bytes: size, ...digest })
    },
  })
  const list = (until: number) =>
    [...listed]
      .filter(([at]) => at < until)
      .sort(([a], [b]) => a - b)
      .map(([, file]) => file)
  const report = reporter(ctx, 'extracting', () => ({ bytes, entries: into.done }), checked)
  try {
    for await (const file of await filesOf(host, input, signal)) {
      report(file)
      const body = counted(file.body, (more) => {
        bytes += more
        report(file)
      })
      if (file.index < checked.done) await drain(body)
      else await into.put({ ...file, body })
      const state = () => ({ ...checked, done: into.done, files: list(into.done) })
      await ctx.checkpoint(state, { every: '5 s' })
    }
  } finally {
    await into.settle()
  }
  await storage.delete([noteKeyOf(jobId)])
  return list(Infinity)
}

/** The note says whose files lie below the prefix; without it, what is there is somebody else's. */
async function claim(storage: Storage, prefix: string, jobId: string): Promise<void> {
  const note = noteKeyOf(jobId)
  if ((await storage.head(note)) !== undefined) return
  const { objects } = await storage.list(`${prefix}/`, { limit: 1 })
  if (objects.length > 0)
    throw new LonghaulError(
      'target-not-empty',
      `There is something below ${prefix}/ already; extract into another place.`,
    )
  await storage.put(note, Buffer.from(prefix), { mediaType: 'text/plain' })
}

async function filesOf(
  { storage, limits }: ExtractionHost,
  { key, format, prefix }: ExtractionInput,
  signal: AbortSignal,
): Promise<AsyncIterable<ArchiveFile>> {
  const info = await storage.head(key)
  if (info === undefined)
    throw new LonghaulError('object-not-found', 'The archive is not there any more.')
  const longest = Math.min(maxNameBytes, maxKeyBytes - Buffer.byteLength(`${prefix}/`))
  const source = { key, format, signal, sizeBytes: info.size }
  return archiveFiles(storage, source, { ...limits, maxNameBytes: longest })
}

/** Bytes and entries so far, a few times a second. */
function reporter(
  { progress }: Pick<RunContext<InputSpec>, 'progress'>,
  stage: string,
  soFar: () => { readonly bytes: number; readonly entries: number },
  total?: Checked,
): (file: ArchiveFile) => void {
  let last = -Infinity
  return ({ name }) => {
    const now = performance.now()
    if (now - last < reportEveryMs) return
    last = now
    const { bytes, entries } = soFar()
    progress({
      stage,
      done: bytes,
      ...(total === undefined ? {} : { total: total.bytes }),
      detail: {
        entries,
        ...(total === undefined ? {} : { entries_total: total.entries }),
        current_file: name,
      },
    })
  }
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    count(chunk.byteLength)
    yield chunk
  }
}

/** Also what is not wanted is read: in a tar there is no other way to what follows. */
async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of body);
}
