import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import {
  defineProcessor,
  PermanentError,
  type InputSpec,
  type Processor,
  type RunContext,
} from '../processor/index.ts'
import { allowedFile } from '../worker/index.ts'

/** A file that an upload has brought; every job of kind `upload` answers `{ files }` of them. */
export interface UploadedFile {
  /** With its folders, within the dataset. */
  readonly name: string
  readonly uri: string
  readonly size_bytes: number
  readonly sha256?: string
  readonly media_type?: string
  /** The session that its bytes came into. */
  readonly upload_id?: string
  /** Where it was before. */
  readonly source_path?: string
}

/** What is left to do when the bytes are there. */
export type UploadInput =
  | {
      readonly kind: 'session'
      readonly upload_id: string
      readonly name: string
      readonly media_type?: string
    }
  | { readonly kind: 'path'; readonly path: string; readonly name: string }

/** What the worker knows it by: nobody's processor can be called so. */
const name = 'longhaul.upload'
const version = '1'

export const uploadJob = {
  ...{ queue: name, processor: name, version },
  kind: 'upload',
  maxFailures: 3,
} as const

/** In one process: they wait for the store and compute next to nothing, but the digest of what came out of order. */
export const uploadsAtOnce = 5

/** What jobs of uploads run as. */
export const uploadProcessor = (services: Pick<Services, 'uploads' | 'config'>): Processor =>
  defineProcessor({
    ...{ name, version },
    description: 'Makes one object of what was uploaded, and checks it',
    input: {
      kind: z.enum(['session', 'path']),
      name: z.string(),
      upload_id: z.string().optional(),
      media_type: z.string().optional(),
      path: z.string().optional(),
    },
    runner: 'inline',
    reuse: false,
    run: (ctx) => runUpload(services, ctx as unknown as RunContext<InputSpec, unknown>),
  }) as Processor

/**
 * One attempt: the store publishes the session's bytes, with the digest that was announced, or the file below an allowed
 * folder is looked at. Repeated after a crash it comes to the same.
 */
async function runUpload(
  services: Pick<Services, 'uploads' | 'config'>,
  ctx: RunContext<InputSpec, unknown>,
): Promise<{ files: UploadedFile[] }> {
  const input = ctx.input as unknown as UploadInput
  try {
    ctx.progress({ stage: 'verifying', detail: { current_file: input.name } })
    return { files: [await (input.kind === 'path' ? fileAt : fileOfSession)(services, input)] }
  } catch (error) {
    if (isLonghaulError(error) && !passing.has(error.code))
      throw new PermanentError(error.message, { cause: error })
    throw error
  }
}

/** Worth another try; everything else is said once. */
const passing = new Set(['unavailable', 'internal', 'insufficient-storage'])

async function fileOfSession(
  { uploads }: Pick<Services, 'uploads'>,
  input: UploadInput,
): Promise<UploadedFile> {
  if (input.kind !== 'session') throw new Error('an upload without a session')
  const done = await uploads.complete({ owner: 'everyone', fileId: input.upload_id })
  return {
    name: input.name,
    uri: done.uri,
    size_bytes: done.sizeBytes,
    upload_id: input.upload_id,
    ...(done.sha256 !== undefined && { sha256: done.sha256 }),
    ...(input.media_type !== undefined && { media_type: input.media_type }),
  }
}

/** It stays where it is, and the dataset refers to it. */
async function fileAt(
  { config }: Pick<Services, 'config'>,
  input: UploadInput,
): Promise<UploadedFile> {
  if (input.kind !== 'path') throw new Error('an upload without a path')
  const file = await referencedFile(config.inputRoots, input.path)
  return { name: input.name, source_path: input.path, ...file }
}

/**
 * A file below an allowed folder: links are followed before the check, and none may be in its place afterwards. Throws
 * 'uri-refused', 'object-not-found', 'invalid-uri'.
 */
export async function referencedFile(
  roots: readonly string[],
  path: string,
): Promise<{ readonly uri: string; readonly size_bytes: number }> {
  const { real } = await allowedFile(pathToFileURL(path).href, roots)
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { size } = await handle.stat()
    return { uri: pathToFileURL(real).href, size_bytes: size }
  } finally {
    await handle.close()
  }
}
