import { createHash, hash as hashOf } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LonghaulError } from '../errors/index.ts'
import type { FileRef, JobParams } from '../jobs/job.ts'
import { fetchFile, isWebUri, type FetchFile } from '../outbound/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { StagedFile } from '../runners/messages.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { digestOfFile } from '../support/digest-of-file.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { keyOfUri } from '../storage/object-uri.ts'
import { fileFieldsOf } from '../processor/file-fields.ts'
import { allowedFile } from './allowed-path.ts'
import { contentOfManifest } from './manifest-files.ts'
import { stageManifest } from './stage-manifest.ts'

const smallBytes = 256 * 1024

export interface StagedInputs {
  readonly input: JsonObject
  readonly inputs: readonly StagedFile[]
}

export interface StageOptions {
  readonly storage: ObjectStore
  /** How inputs of other servers are fetched. */
  readonly web: FetchFile
  readonly inputRoots: readonly string[]
  readonly workspace: string
  readonly signal: AbortSignal
  /** Of the objects that a manifest names, and the manifest itself; others look as if they did not exist. */
  readonly mayRead: (key: string) => Promise<boolean>
  /** It is known what is to be staged. */
  readonly begun?: () => void
}

/**
 * Puts every input file at `<workspace>/inputs/<index>/<name>` and answers the input as the processor will see it.
 * Manifest files fill the processor's only file field. Throws 'invalid-uri', 'uri-refused', 'object-not-found', and what fetchFile
 * throws.
 */
export async function stageInputs(
  params: JobParams,
  description: Pick<ProcessorDescription, 'name' | 'input'>,
  options: StageOptions,
): Promise<StagedInputs> {
  const fields = fileFieldsOf(description.input)
  const inputs: StagedFile[] = []
  const stage = async (ref: FileRef): Promise<StagedFile> => {
    const staged = await stageFile(ref, inputs.length, options)
    inputs.push(staged)
    return staged
  }
  const input: Record<string, Json> = { ...params.input }
  for (const { name, many } of fields) {
    const value = params.input[name]
    if (value === undefined || value === null) continue
    const staged: StagedFile[] = []
    for (const ref of many ? (value as unknown as FileRef[]) : [value as unknown as FileRef])
      staged.push(await stage(ref))
    input[name] = (many ? staged : staged[0]) as unknown as Json
  }
  if (params.manifest) {
    if ('uri' in params.manifest) await refuseOthers(params.manifest.uri, options)
    const content = await contentOfManifest(params.manifest, options.storage, options.web)
    options.begun?.()
    const field = fields[0]
    if (fields.length !== 1 || field === undefined) {
      throw new LonghaulError(
        'invalid-input',
        `A manifest fills the only file input, but ${description.name} has ${fields.length}; submit {"input":{…}} instead.`,
      )
    }
    const allowed = async (ref: FileRef): Promise<StagedFile> => {
      await refuseOthers(ref.uri, options)
      return stage(ref)
    }
    const staged = await stageManifest(content, allowed, options.signal)
    if (!field.many && staged.length !== 1) {
      throw new LonghaulError(
        'invalid-input',
        `${description.name} takes one file, the manifest has ${staged.length}.`,
      )
    }
    input[field.name] = (field.many ? [...staged] : staged[0]) as unknown as Json
  }
  return { input, inputs }
}

async function refuseOthers(uri: string, { storage, mayRead }: StageOptions): Promise<void> {
  if (uri.startsWith('file:') || isWebUri(uri) || (await mayRead(keyOfUri(uri, storage.bucket))))
    return
  throw new LonghaulError('object-not-found', `There is no object ${uri}.`)
}

async function stageFile(ref: FileRef, index: number, options: StageOptions): Promise<StagedFile> {
  const folder = path.join(options.workspace, 'inputs', String(index))
  await mkdir(folder, { recursive: true })
  const target = path.join(folder, path.basename(ref.name))
  const { size, sha256, mediaType = ref.mediaType } = await bytesOf(ref.uri, target, options)
  if (ref.sha256 !== undefined && ref.sha256 !== sha256) {
    throw new LonghaulError(
      'checksum-mismatch',
      `${ref.name} has SHA-256 ${sha256}, expected ${ref.sha256}.`,
    )
  }
  return {
    name: ref.name,
    path: target,
    uri: ref.uri,
    size,
    sha256,
    ...(mediaType === undefined ? {} : { media_type: mediaType }),
    ...(ref.bin === undefined ? {} : { bin: ref.bin }),
  }
}

/** As it lies at `target` afterwards. */
async function bytesOf(uri: string, target: string, options: StageOptions): Promise<Bytes> {
  if (uri.startsWith('file:')) return copyAllowedFile(uri, target, options)
  if (!isWebUri(uri)) return fetchObject(uri, target, options)
  const { body, mediaType } = await fetchFile(uri, options.web)
  const written = await writeHashed(Readable.from(body), target, options.signal)
  return { ...written, ...(mediaType === undefined ? {} : { mediaType }) }
}
interface Bytes {
  readonly size: number
  readonly sha256: string
  /** As another server calls it. */
  readonly mediaType?: string
}

async function fetchObject(uri: string, target: string, { storage, signal }: StageOptions) {
  const key = keyOfUri(uri, storage.bucket)
  if (storage.materialize) {
    const info = await storage.materialize(key, target)
    if (info.sha256 !== undefined) return { size: info.size, sha256: info.sha256 }
    return digestOfFile(target, signal)
  }
  const { info, body } = await storage.get(key)
  const written = await writeHashed(body, target, signal)
  if (written.size !== info.size)
    throw new LonghaulError('unavailable', `The store gave ${written.size} of ${info.size} bytes.`)
  return written
}

async function copyAllowedFile(uri: string, target: string, { inputRoots, signal }: StageOptions) {
  const { real, size } = await allowedFile(uri, inputRoots)
  // A small one at once: for thousands of them streams would cost more than the work itself.
  const bytes = size > smallBytes ? undefined : await readAtOnce(real, size)
  if (bytes === undefined) return writeHashed(createReadStream(real), target, signal)
  await writeFile(target, bytes)
  return { size, sha256: hashOf('sha256', bytes, 'hex') }
}

/** In one read; undefined where it is not of that size any more, or does not come at once. */
async function readAtOnce(file: string, size: number): Promise<Buffer | undefined> {
  const handle = await open(file)
  try {
    const buffer = Buffer.allocUnsafe(size + 1) // one more, to see that there is none
    const { bytesRead } = await handle.read(buffer, 0, size + 1, 0)
    return bytesRead === size ? buffer.subarray(0, size) : undefined
  } finally {
    await handle.close()
  }
}

async function writeHashed(body: NodeJS.ReadableStream, target: string, signal: AbortSignal) {
  const hash = createHash('sha256')
  let size = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(body, measure, createWriteStream(target, { highWaterMark: 1024 * 1024 }), {
    signal,
  })
  return { size, sha256: hash.digest('hex') }
}
