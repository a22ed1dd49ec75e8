import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import type { JobOutput } from '@longhaul/protocol'
import { defaultExtensions } from '../compat/bin-files.ts'
import { uploadDirectory } from './upload-directory.ts'
import type { DatasetFields } from '../compat/portal/dataset.ts'
import type { Sent } from '../compat/portal/portal-uploads.ts'
import type { SendOptions } from '../compat/portal/send-large.ts'
import type { CompatClient } from '../compat/compat-client.ts'
import { DownloadError, inOldWords, JobFailedError, UploadError } from '../compat/errors.ts'
import type { IngestOptions } from '../compat/send-ingest.ts'
import { urisOfResult } from '../compat/result-uris.ts'
import { fileSink } from './file-sink.ts'
import { fileSource } from './file-source.ts'

/** The methods of systems A, B and E that work on files of this computer. */
export interface CompatFiles extends CompatClient {
  /** Every bin below a folder, files grouped by their stem, as one job. */
  uploadBinsFromDirectory(root: string, options?: DirectoryOptions): Promise<string>
  /** `s3://bucket/results/<job>/x` → `<folder>/<job>/x`; what is there already is kept, unless `overwrite`. */
  downloadFile(uri: string, folder: string, options?: OverwriteOptions): Promise<string>
  downloadFiles(
    uris: readonly string[],
    folder: string,
    options?: OverwriteOptions,
  ): Promise<readonly string[]>
  /** The tables, shards and indices of a completed job; kinds that it has none of are left out. */
  downloadResults(
    jobId: string,
    folder: string,
    options?: ResultOptions,
  ): Promise<Partial<Record<'features' | 'masks' | 'indices', readonly string[]>>>
  /** System E: `uploadFile` of a path. */
  uploadLocalFile(file: string, dataset: DatasetFields, options?: SendOptions): Promise<Sent>
  /** System E: every file below a folder into one dataset, each in its place below it; in the order of their names. */
  uploadDirectory(
    root: string,
    dataset: DatasetFields,
    options?: SendOptions,
  ): Promise<readonly Sent[]>
}
export interface DirectoryOptions extends IngestOptions {
  /** @default true */
  readonly recursive?: boolean | undefined
  /** Leave out bins that lack a file, instead of failing. @default false */
  readonly skipIncomplete?: boolean | undefined
  /** @default .adc .roi .hdr */
  readonly requiredExtensions?: readonly string[] | undefined
}
export interface OverwriteOptions {
  readonly overwrite?: boolean | undefined
}
export interface ResultOptions extends OverwriteOptions {
  readonly includeFeatures?: boolean | undefined
  readonly includeMasks?: boolean | undefined
  readonly includeIndex?: boolean | undefined
}

/** @example const client = withFiles(createCompatClient({ url, system: 'B' })) */
export function withFiles(client: CompatClient): CompatFiles {
  const downloadFile: CompatFiles['downloadFile'] = async (uri, folder, { overwrite } = {}) => {
    const target = placeOf(uri, folder)
    const there = await stat(target).catch(() => undefined)
    if (there?.isFile() && overwrite !== true) return target
    const output = await outputOf(client, uri)
    await mkdir(path.dirname(target), { recursive: true })
    // Named by its digest, so that what an interrupted download left is only ever continued with the same bytes.
    const part = `${target}.${output.sha256.slice(0, 8)}.part`
    const sink = await fileSink(part)
    try {
      await client.download(output, sink)
    } finally {
      await sink.close()
    }
    await rename(part, target)
    return target
  }
  const downloadFiles: CompatFiles['downloadFiles'] = async (uris, folder, options) => {
    const files: string[] = []
    for (const uri of uris) files.push(await downloadFile(uri, folder, options))
    return files
  }
  return {
    ...client,
    downloadFile,
    downloadFiles,
    uploadLocalFile: async (file, dataset, options) =>
      client.uploadFile(await inOldWords(fileSource(file)), dataset, options),
    uploadDirectory: (...given) => inOldWords(uploadDirectory(client, ...given)),
    uploadBinsFromDirectory: async (root, options = {}) => {
      const { requiredExtensions = defaultExtensions } = options
      const bins = await discoverBins(root, options.recursive ?? true, requiredExtensions)
      const whole = [...bins].filter(
        ([, files]) =>
          options.skipIncomplete !== true || requiredExtensions.every((one) => files.has(one)),
      )
      if (whole.length === 0) throw new UploadError(`There is no whole bin in ${root}`)
      const sources = await Promise.all(
        whole.map(async ([id, files]) => {
          const order = (end: string) => requiredExtensions.indexOf(end)
          const sorted = [...files].sort(([a], [b]) => order(a) - order(b))
          const each = sorted.map(async ([end, file]) => [end, await fileSource(file)] as const)
          return [id, Object.fromEntries(await Promise.all(each))] as const
        }),
      )
      return client.uploadBins(Object.fromEntries(sources), options)
    },
    downloadResults: async (jobId, folder, options = {}) => {
      const job = await client.getJob(jobId)
      if (job.status === 'failed') throw new JobFailedError(jobId, job.error ?? 'Unknown error')
      if (job.status !== 'completed')
        throw new DownloadError(`Job ${jobId} is ${job.status}; wait for it first`)
      const { features, masks, indices } = urisOfResult(job, await client.outputs(jobId))
      const wanted = {
        features: options.includeFeatures === false ? [] : features,
        masks: options.includeMasks === false ? [] : masks,
        indices: options.includeIndex === false ? [] : indices,
      }
      const saved: [string, readonly string[]][] = []
      for (const [kind, uris] of Object.entries(wanted))
        if (uris.length > 0) saved.push([kind, await downloadFiles(uris, folder, options)])
      return Object.fromEntries(saved)
    },
  }
}

/** Files by bin (their stem) and extension. Files of other extensions belong to no bin. */
async function discoverBins(
  root: string,
  recursive: boolean,
  extensions: readonly string[],
): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
  const entries = await readdir(root, { withFileTypes: true, recursive })
  const bins = new Map<string, Map<string, string>>()
  for (const entry of entries) {
    const { name: stem, ext } = path.parse(entry.name)
    if (!entry.isFile() || !extensions.includes(ext)) continue
    const file = path.join(entry.parentPath, entry.name)
    const files = bins.get(stem) ?? new Map<string, string>()
    const twin = files.get(ext)
    if (twin !== undefined)
      throw new UploadError(`${twin} and ${file} have one name; nothing was sent`)
    bins.set(stem, files.set(ext, file))
  }
  return new Map([...bins].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** A URI comes over the wire: whatever it says, the file stays below the folder. */
function placeOf(uri: string, folder: string): string {
  const key = /^s3:\/\/[^/]+\/(.+)$/.exec(uri)?.[1]
  if (key === undefined) throw new DownloadError(`${uri} is no s3://bucket/key`)
  const names = key.replace(/^(results|datasets)\//, '').split('/')
  if (names.some((name) => name === '' || name === '.' || name === '..' || /[\\\0]/.test(name)))
    throw new DownloadError(`${uri} would leave ${folder}; it was not fetched`)
  return path.join(folder, ...names)
}

/** `s3://bucket/results/<job>/…`: the job knows where its bytes are, so that nobody needs keys of the store. */
async function outputOf(client: CompatClient, uri: string): Promise<JobOutput> {
  const jobId = /^s3:\/\/[^/]+\/[^/]+\/([^/]+)\//.exec(uri)?.[1]
  const outputs = jobId === undefined ? [] : await client.outputs(jobId)
  const found = outputs.find((output) => output.uri === uri)
  if (found === undefined)
    throw new DownloadError(`${uri} is no output of a job here; only outputs can be fetched`)
  return found
}
