import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import mime from 'mime-types'
import { LonghaulError } from '../errors/index.ts'
import type { PendingOutput } from '../jobs/job.ts'
import { isOutputName } from '../runners/index.ts'
import type { Storage } from '../storage/object-store.ts'
import { uriOfKey } from '../storage/object-uri.ts'
import { digestOfFile } from '../support/digest-of-file.ts'
import { containedFile } from './contained-file.ts'

const MiB = 1024 * 1024

/**
 * The outputs of one attempt: each is sent to storage when the processor gives it away, as an open multipart upload to
 * its final key. Nothing is visible there before the job publishes; `abort` takes everything back, but for what a
 * checkpoint of the job names: that belongs to the job, and to the attempt that continues from it.
 */
export class PendingOutputs {
  readonly #storage: Storage
  readonly #prefix: string
  readonly #workspace: string
  readonly #pending: Map<string, PendingOutput>
  /** By upload: named by a checkpoint that may be the job's newest. */
  readonly #protected = new Map<string, PendingOutput>()
  #handedOver = false

  /**
   * @param prefix `results/<job id>/`, below which the outputs of this job lie.
   * @param carried given away before the checkpoint that this attempt continues from
   */
  constructor(
    storage: Storage,
    prefix: string,
    workspace: string,
    carried: readonly PendingOutput[] = [],
  ) {
    this.#storage = storage
    this.#prefix = prefix
    this.#workspace = workspace
    this.#pending = new Map(carried.map((output) => [output.name, output]))
  }

  get list(): readonly PendingOutput[] {
    return [...this.#pending.values()]
  }

  /** Takes a finished file out of the workspace. A second output of that name replaces the first. */
  async take(output: {
    readonly name: string
    readonly path: string
    readonly mediaType?: string
    readonly items?: number
  }): Promise<void> {
    const name = checkOutputName(output.name)
    const { real: file, size } = await containedFile(this.#workspace, output.path, 'The output')
    const key = `${this.#prefix}${name}`
    const mediaType = output.mediaType ?? (mime.lookup(name) || 'application/octet-stream')
    const before = this.#pending.get(name)
    if (before) await this.#drop(before)
    const uploadId = await this.#storage.begin(key, { mediaType })
    const upload = { key, uploadId }
    try {
      const sent = await this.#send(upload, file, size)
      const uri = uriOfKey(this.#storage.bucket, key)
      const items = output.items === undefined ? {} : { items: output.items }
      this.#pending.set(name, { name, key, uri, size, mediaType, ...items, uploadId, ...sent })
    } catch (error) {
      this.#pending.delete(name)
      await this.#storage.abort(upload).catch(() => undefined) // the first error tells more
      throw error
    }
    await rm(file, { force: true })
  }

  /** The uploads belong to a publication now: abort() leaves them alone. */
  handOver(): void {
    this.#handedOver = true
  }

  /** There is no such publication: another attempt has the job. */
  takeBack(): Promise<void> {
    this.#handedOver = false
    return this.abort()
  }

  async abort(): Promise<void> {
    if (this.#handedOver) return
    for (const pending of this.#pending.values()) await this.#drop(pending)
    this.#pending.clear()
  }

  /** A checkpoint names these: no abort takes them back. */
  protect(outputs: readonly PendingOutput[]): void {
    for (const output of outputs) this.#protected.set(output.uploadId, output)
  }

  /** Only these are named by a checkpoint now; of the others, those that were replaced go. */
  async unprotect(except: readonly PendingOutput[]): Promise<void> {
    const named = new Set(except.map(({ uploadId }) => uploadId))
    const current = new Set(this.list.map(({ uploadId }) => uploadId))
    for (const output of [...this.#protected.values()]) {
      if (named.has(output.uploadId)) continue
      if (!current.has(output.uploadId)) await this.#storage.abort(output)
      this.#protected.delete(output.uploadId)
    }
  }

  async #drop(output: PendingOutput): Promise<void> {
    if (!this.#protected.has(output.uploadId)) await this.#storage.abort(output)
  }

  async #send(upload: { key: string; uploadId: string }, file: string, size: number) {
    const { maxPartBytes } = this.#storage.limits
    if (this.#storage.putFile && size <= maxPartBytes) {
      const part = await this.#storage.putFile(upload, 1, file)
      if (part.sha256 !== undefined) return { parts: [part], sha256: part.sha256 }
      return { parts: [part], sha256: (await digestOfFile(file)).sha256 }
    }
    const partBytes = partBytesFor(size, this.#storage.limits)
    const whole = createHash('sha256')
    const parts = []
    for (
      let start = 0, partNumber = 1;
      start < size || partNumber === 1;
      start += partBytes, partNumber++
    ) {
      const sizeBytes = Math.min(partBytes, size - start)
      const body = sizeBytes === 0 ? new Uint8Array() : hashing(file, start, sizeBytes, whole)
      parts.push(await this.#storage.putPart(upload, partNumber, body, { sizeBytes }))
    }
    return { parts, sha256: whole.digest('hex') }
  }
}

/** Said once more here: what a processor's own library lets through is not to be trusted. Throws 'permanent'. */
export function checkOutputName(name: string): string {
  const shown = JSON.stringify(name.slice(0, 200))
  if (isOutputName(name)) return name
  throw new LonghaulError(
    'permanent',
    `The output name ${shown} cannot be used: give a plain relative name.`,
  )
}

/** 16 MiB parts, larger when the count would pass what the store takes. */
export function partBytesFor(
  size: number,
  limits: { readonly minPartBytes: number; readonly maxParts: number },
): number {
  const enough = Math.ceil(size / Math.max(1, Math.floor(limits.maxParts * 0.95)) / MiB) * MiB
  return Math.max(16 * MiB, limits.minPartBytes, enough)
}

async function* hashing(
  file: string,
  start: number,
  length: number,
  hash: ReturnType<typeof createHash>,
) {
  for await (const chunk of createReadStream(file, {
    start,
    end: start + length - 1,
    highWaterMark: MiB,
  })) {
    hash.update(chunk as Buffer)
    yield chunk as Buffer
  }
}
