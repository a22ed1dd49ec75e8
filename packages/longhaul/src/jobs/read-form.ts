import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import type { FileField } from '../processor/index.ts'
import { uriOfKey } from '../storage/index.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { invalidRequest } from '../validation/index.ts'
import { plainFileName } from './file-name.ts'
import type { FileRef } from './job.ts'

/** One part of a multipart form, in the order the client sent them. */
export type FormPart =
  | { readonly type: 'field'; readonly fieldname: string; readonly value: unknown }
  | {
      readonly type: 'file'
      readonly fieldname: string
      readonly filename: string
      readonly mimetype: string
      readonly file: Readable
    }

export interface FormTarget {
  readonly storage: ObjectStore
  /** Files go to `<prefix>/<field>/<name>`. */
  readonly prefix: string
  readonly fileFields: readonly FileField[]
  readonly maxBytes: number
  /** What to throw when there is more. */
  readonly tooLarge: () => LonghaulError
}

/** A form as an input: text fields as they came, files as references to what is now in the store. */
export interface ReadForm {
  readonly input: JsonObject
  /** The references in `input` that stand for files of this form: a client's own text is none of them. */
  readonly files: ReadonlySet<FileRef>
  readonly keys: readonly string[]
}

/**
 * A form's parts as the library reads them. What it throws has no name, and is about the form: a boundary that is missing, an
 * end that never came.
 */
export async function* formParts(parts: () => AsyncIterable<FormPart>): AsyncGenerator<FormPart> {
  try {
    yield* parts()
  } catch (error) {
    throw aboutTheForm(error)
  }
}

/** Streams every file straight into the store. When it throws, nothing of the form is left there. */
export async function readForm(parts: AsyncIterable<FormPart>, to: FormTarget): Promise<ReadForm> {
  const input = new Map<string, Json>()
  const files = new Set<FileRef>()
  const keys: string[] = []
  const budget = { left: to.maxBytes, tooLarge: to.tooLarge }
  try {
    for await (const part of parts) {
      if (part.type === 'field') append(input, part.fieldname, fieldText(part.value))
      // A browser sends a file field that was left empty as a file without a name.
      else if (part.filename === '') part.file.resume()
      else {
        const field = to.fileFields.find(({ name }) => name === part.fieldname)
        if (!field) throw noSuchField(part.fieldname, to.fileFields)
        const name = plainFileName(part.filename)
        const key = `${to.prefix}/${field.name}/${name}`
        if (keys.includes(key))
          throw new LonghaulError(
            'duplicate-file-name',
            `${field.name} has two files called ${name}; rename one of them.`,
          )
        keys.push(key)
        const file = await storeFile(to.storage, key, part, budget)
        files.add(file)
        if (field.many) append(input, field.name, file as unknown as Json, [])
        else if (input.has(field.name)) throw onlyOne(field.name)
        else input.set(field.name, file as unknown as Json)
      }
    }
    return { input: Object.fromEntries(input), files, keys }
  } catch (error) {
    await to.storage.delete(keys)
    throw error
  }
}

async function storeFile(
  storage: ObjectStore,
  key: string,
  part: Extract<FormPart, { type: 'file' }>,
  budget: { left: number; readonly tooLarge: () => LonghaulError },
): Promise<FileRef> {
  const hash = createHash('sha256')
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunksOf(part.file)) {
      budget.left -= chunk.length
      if (budget.left < 0) throw budget.tooLarge()
      hash.update(chunk)
      yield chunk
    }
  }
  const info = await storage.put(key, counted(), { mediaType: part.mimetype })
  return {
    uri: uriOfKey(storage.bucket, key),
    name: key.slice(key.lastIndexOf('/') + 1),
    size: info.size,
    sha256: hash.digest('hex'),
    mediaType: part.mimetype,
  }
}

async function* chunksOf(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* file
  } catch (error) {
    throw aboutTheForm(error)
  }
}

/** Errors with a name keep it. */
const aboutTheForm = (error: unknown): unknown =>
  isLonghaulError(error) || (error as { code?: unknown } | undefined)?.code !== undefined
    ? error
    : new LonghaulError('malformed-body', `The form cannot be read: ${(error as Error).message}.`, {
        cause: error,
      })

/** A field that comes again makes a list. */
function append(input: Map<string, Json>, name: string, value: Json, start?: Json[]): void {
  const before = input.get(name)
  if (before === undefined) input.set(name, start ? [...start, value] : value)
  else if (Array.isArray(before)) (before as Json[]).push(value)
  else input.set(name, [before, value])
}

const fieldText = (value: unknown): Json =>
  typeof value === 'string' ? value : (JSON.parse(JSON.stringify(value ?? null)) as Json)

function noSuchField(name: string, fields: readonly FileField[]): LonghaulError {
  const known = fields.map((field) => field.name).join(', ')
  const msg = known
    ? `No file field ${name}; files go into ${known}`
    : 'This processor takes no files'
  return invalidRequest([{ type: 'extra_forbidden', loc: ['body', name], msg }])
}

const onlyOne = (name: string): LonghaulError =>
  invalidRequest([{ type: 'too_long', loc: ['body', name], msg: 'One file, not several' }])

const maxFields = 10_000

/** A form without files. */
export function fieldsOf(form: URLSearchParams): JsonObject {
  const input = new Map<string, Json>()
  if (form.size > maxFields)
    throw new LonghaulError(
      'bad-request',
      `The form has ${form.size} fields; at most ${maxFields} are read. Send {"input": {…}} as JSON instead.`,
    )
  for (const [name, value] of form) append(input, name, value)
  return Object.fromEntries(input)
}
