import type { Readable } from 'node:stream'
import { z } from 'zod'

/** A file of the job, staged in the attempt's workspace. */
export interface InputFile {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Where it came from. */
  readonly uri: string
  readonly size: number
  readonly sha256: string
  /** The name without its last extension. */
  readonly stem: string
  /** Which files belong together, where the job was made of bins. */
  readonly bin?: string
  stream(): Readable
  text(): Promise<string>
  json(): Promise<unknown>
}

/** A file that the processor made; comes from `ctx.outputs`, goes into the result. */
export interface OutputFile {
  readonly name: string
  /** Absolute. Write here what `outputs.path()` promised; after `outputs.write()` it may be gone. */
  readonly path: string
  toJSON(): { readonly $output: string }
}

const inputMark = Symbol.for('longhaul.input-file')
const outputMark = Symbol.for('longhaul.output-file')

/** Marks survive a second copy of the package; classes would not. */
export const markInputFile = (file: InputFile): InputFile => mark(file, inputMark)
export const markOutputFile = (file: OutputFile): OutputFile => mark(file, outputMark)
export const isInputFile = (value: unknown): value is InputFile => has(value, inputMark)
export const isOutputFile = (value: unknown): value is OutputFile => has(value, outputMark)

function mark<T extends object>(file: T, symbol: symbol): T {
  return Object.defineProperty(file, symbol, { value: true, enumerable: false })
}
const has = (value: unknown, symbol: symbol): boolean =>
  typeof value === 'object' && value !== null && symbol in value

/** What `file()` gives: a zod type whose input is an OutputFile (what run returns) and whose output is an InputFile (what run gets). */
export interface FileSchema extends z.ZodType<InputFile, OutputFile> {
  /** A list of files; `.min(1)` and `.max(n)` bound it. */
  many(): z.ZodArray<this>
}

interface FileDef extends z.core.$ZodTypeDef {
  readonly mediaType: string
}

// A constructor of its own, because `.describe()` and `.optional()` clone by constructor: a property that was merely
// assigned to a z.custom() would be lost there.
const FileType = z.core.$constructor<FileSchema & { _zod: { def: FileDef } }>(
  'LonghaulFile',
  (inst, def) => {
    z.ZodType.init(inst, def)
    inst._zod.parse = (payload) => {
      if (!isInputFile(payload.value) && !isOutputFile(payload.value)) {
        payload.issues.push({
          code: 'custom',
          input: payload.value,
          inst,
          message: 'expected a file (what outputs.write() or outputs.path() returned)',
        })
      }
      return payload
    }
    inst._zod.processJSONSchema = (_context, json) => {
      Object.assign(json, {
        type: 'string',
        format: 'binary',
        'x-longhaul-file': { media_type: def.mediaType },
      })
    }
    inst.many = () => z.array(inst)
  },
)

/**
 * A file field, of an input or an output.
 *
 * @param mediaType what is offered to choose from and shown to people; the bytes are not checked against it.
 * @example input: { images: file('image/*').many(), mask: file('image/png').optional() }
 */
export function file(mediaType = '*/*'): FileSchema {
  if (!/^[\w.+*-]+\/[\w.+*-]+$/.test(mediaType)) {
    throw new TypeError(
      `file(${JSON.stringify(mediaType)}): write a media type like 'image/*' or 'text/csv'`,
    )
  }
  return new FileType({ type: 'custom', mediaType })
}
