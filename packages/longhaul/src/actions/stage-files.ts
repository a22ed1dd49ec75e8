import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { unlink } from 'node:fs/promises'
import path from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Services } from '../app/services.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { mayReadKey, plainFileName, resolveFile, type FileRef } from '../jobs/index.ts'
import type { Scope } from '../jobs/engine.ts'
import type { StagedFile } from '../runners/messages.ts'
import { keyOfUri } from '../storage/object-uri.ts'
import { digestOfFile } from '../support/digest-of-file.ts'
import { newId } from '../support/ids.ts'
import type { Json } from '../support/json.ts'

export interface StageLimits {
  readonly scope: Scope
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** The files of one call, which go with it. All calls have one folder: to make and remove one for each would cost more. */
export class CallFiles {
  readonly #services: Services
  readonly #folder: string
  readonly #limits: StageLimits
  readonly #files: string[] = []

  constructor(services: Services, folder: string, limits: StageLimits) {
    this.#services = services
    this.#folder = folder
    this.#limits = limits
  }

  /** An object of the store, or an upload. What lies with others is for jobs: nobody waits there for a slow server. */
  async fromStore(value: Json, loc: readonly (string | number)[]): Promise<StagedFile> {
    const { storage } = this.#services
    const given = typeof value === 'string' ? value : (value as { uri?: unknown } | null)?.uri
    // Throws for what is no s3:// URI of this store, in words that clients of system B know.
    const key = typeof given === 'string' ? keyOfUri(given, storage.bucket) : undefined
    const ref = await orStorageFault(typeof given === 'string' ? given : 'the upload', () =>
      typeof value === 'string' && key !== undefined
        ? this.#named(value, key)
        : resolveFile(this.#services, this.#limits.scope, value, loc),
    )
    const target = this.#place(ref.name)
    const { size, sha256 } = await orStorageFault(ref.uri, () => this.#fetch(ref.uri, target))
    if (size > this.#limits.maxBytes) throw tooLarge(ref.name, this.#limits.maxBytes)
    if (ref.sha256 !== undefined && ref.sha256 !== sha256)
      throw new LonghaulError(
        'checksum-mismatch',
        `${ref.name} has SHA-256 ${sha256}, not ${ref.sha256}.`,
      )
    const { name, uri, mediaType } = ref
    return { name, uri, size, sha256, path: target, ...(mediaType && { media_type: mediaType }) }
  }

  /** A file of the request's own form. */
  async fromForm(name: string, mediaType: string, body: Readable): Promise<StagedFile> {
    const target = this.#place(name)
    const written = await this.#write(body, target, name)
    return { name, uri: `form:${name}`, path: target, media_type: mediaType, ...written }
  }

  async remove(): Promise<void> {
    for (const file of this.#files.splice(0)) await unlink(file).catch(() => undefined) // it never came
  }

  /** Asked for once, when its bytes are. */
  async #named(uri: string, key: string): Promise<FileRef> {
    if (!(await mayReadKey(this.#services, this.#limits.scope, key)))
      throw new LonghaulError('object-not-found', `There is no object ${uri}.`)
    return { uri, name: plainFileName(path.posix.basename(key)) }
  }

  /** With the extension, by which some libraries choose. */
  #place(name: string): string {
    const extension = /\.\w{1,16}$/.exec(name)?.[0] ?? ''
    const file = path.join(this.#folder, `${newId('f')}${extension}`)
    this.#files.push(file)
    return file
  }

  async #fetch(uri: string, target: string) {
    const { storage } = this.#services
    const key = keyOfUri(uri, storage.bucket)
    if (storage.materialize === undefined) {
      const { body } = await storage.get(key)
      return this.#write(body, target, uri)
    }
    const { size, sha256 } = await storage.materialize(key, target)
    return { size, sha256: sha256 ?? (await digestOfFile(target)).sha256 }
  }

  async #write(body: Readable, target: string, name: string) {
    const { maxBytes, signal } = this.#limits
    const hash = createHash('sha256')
    let size = 0
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length
        hash.update(chunk)
        done(size > maxBytes ? tooLarge(name, maxBytes) : null, chunk)
      },
    })
    await pipeline(body, measure, createWriteStream(target), { signal })
    return { size, sha256: hash.digest('hex') }
  }
}

const tooLarge = (name: string, maxBytes: number): LonghaulError =>
  new LonghaulError(
    'body-too-large',
    `${name} is larger than the ${maxBytes} bytes that this action reads.`,
  )

/** A store that is away, or refuses our keys, is neither the caller's mistake nor a missing object. */
async function orStorageFault<T>(what: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (isLonghaulError(error, 'object-not-found'))
      throw new LonghaulError('object-not-found', `Failed to fetch ${what}: ${error.message}`)
    if (isLonghaulError(error) && error.status < 500) throw error
    if ((error as Error).name === 'AbortError') throw error
    throw new LonghaulError('storage-failed', `Failed to fetch ${what}: the store gave an error.`, {
      cause: error,
    })
  }
}
