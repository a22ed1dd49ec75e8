import type { InputSpec, RunContext } from '../processor/index.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { Json } from '../support/json.ts'
import { ImportFiles } from './import-files.ts'
import { ImportProgress } from './import-progress.ts'
import type { ImportInput, ImportParts } from './import-parts.ts'
import type { ImportFileRow } from './import-statements.ts'
import type { ImportResult } from './imports.ts'
import { patiently } from './patience.ts'
import { refused, SourceFailure, type FoundFile, type Source } from './source.ts'
import { transferFile } from './transfer-file.ts'

/** One attempt: what there is, once; then every file that is not done. One that cannot be had does not keep back the others. */
export async function runImport(
  { database, engine, storage, uploads, tuning }: ImportParts,
  { jobId, signal, log, progress: report }: RunContext<InputSpec, unknown>,
  { source: shown, filename }: ImportInput,
  source: Source,
  { listed, hide }: { readonly listed: boolean; readonly hide: (text: string) => string },
): Promise<Json> {
  if (shown['linkOnly'] === true)
    return toJson({ files: [], errors: [], link: String(shown['url']) })
  const files = new ImportFiles(database, jobId)
  const progress = new ImportProgress(report)
  progress.stage('initializing')
  if (!listed)
    await patiently(tuning, signal, () => files.find(named(source.list(signal), filename)))
  const rows = await files.all()
  if (rows.length === 0) throw refused('The folder holds no file.')
  progress.begin(bytesOf(rows.filter(({ state }) => state === 'done')) ?? 0, totalOf(rows))

  const [job] = await engine.get([jobId], 'everyone')
  if (job === undefined) throw new Error(`there is no job ${jobId}`)
  const { owner } = job
  const parts = { source, files, uploads, storage, owner, jobId, tuning, progress, signal }
  for (const row of rows) {
    signal.throwIfAborted()
    if (row.state === 'done' || row.state === 'failed') continue
    try {
      await transferFile(parts, row)
    } catch (error) {
      if (!isOfThisFile(error) || rows.length === 1) throw error
      const why = hide(error.message)
      log.warn(`${row.name} could not be imported: ${why}`)
      await files.failed(row.position, why)
    }
  }
  const ended = await files.all()
  const [first] = ended
  if (ended.every(({ state }) => state === 'failed'))
    throw refused(
      ended.length === 1
        ? `${first?.name} cannot be imported: ${first?.error}`
        : `None of ${ended.length} files could be imported; the first: ${first?.error}`,
    )
  return toJson(resultOf(ended))
}

const isOfThisFile = (error: unknown): error is Error =>
  (error instanceof SourceFailure && error.kind === 'refused') ||
  isLonghaulError(error, 'upload-too-large') ||
  isLonghaulError(error, 'invalid-file-name')

/** The caller's word for the only file. */
async function* named(
  found: AsyncIterable<FoundFile>,
  filename: string | undefined,
): AsyncGenerator<FoundFile> {
  let only: FoundFile | undefined
  let count = 0
  for await (const file of found) {
    if (count === 1 && only !== undefined) yield only
    if (count > 0) yield file
    else only = file
    count++
  }
  if (count === 1 && only !== undefined)
    yield filename === undefined ? only : { ...only, name: filename }
}

const bytesOf = (rows: readonly ImportFileRow[]): number | undefined =>
  rows.reduce<number | undefined>(
    (sum, { size_bytes }) =>
      sum === undefined || size_bytes === null ? undefined : sum + Number(size_bytes),
    0,
  )

/** Without what cannot be had; undefined where one of the sizes is not known. */
const totalOf = (rows: readonly ImportFileRow[]): number | undefined =>
  bytesOf(rows.filter(({ state }) => state !== 'failed'))

function resultOf(rows: readonly ImportFileRow[]): ImportResult {
  return {
    files: rows
      .filter(({ state }) => state === 'done')
      .map(({ name, uri, size_bytes, sha256, media_type }) => ({
        ...{ name, uri: uri ?? '', size_bytes: Number(size_bytes) },
        ...(sha256 === null ? {} : { sha256 }),
        ...(media_type === null ? {} : { media_type }),
      })),
    errors: rows
      .filter(({ state }) => state === 'failed')
      .map(({ name, error }) => ({ name, error: error ?? '' })),
  }
}

const toJson = (result: ImportResult): Json => result as unknown as Json
