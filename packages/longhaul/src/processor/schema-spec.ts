import { z } from 'zod'
import type { InputFile } from './file.ts'

/** Fields by name. Every name has to be given or have a default, others are refused. */
export type Shape = Readonly<Record<string, z.ZodType>>
export type InputSpec = Shape | z.ZodObject
/** A shape, or any one type: a single file, a number, a union. */
export type OutputSpec = Shape | z.ZodType

type ObjectOf<S extends Shape> = z.ZodObject<{ -readonly [K in keyof S]: S[K] }, z.core.$strict>
export type SchemaOf<S> = S extends z.ZodType ? S : S extends Shape ? ObjectOf<S> : never

/** What run gets. */
export type InputOf<I extends InputSpec> = z.output<SchemaOf<I>>
/** The part of it that is no file. */
export type ParamsOf<I extends InputSpec> = {
  [
    K in keyof InputOf<I> as NonNullable<InputOf<I>[K]> extends InputFile | readonly InputFile[]
      ? never
      : K
  ]: InputOf<I>[K]
}
/** What run returns; anything that is JSON, or nothing, where no output is declared. */
export type ResultOf<O extends OutputSpec | undefined> = O extends OutputSpec
  ? z.input<SchemaOf<O>>
  : unknown

/** A misspelt field is refused rather than ignored: a ten-hour run with a default nobody asked for helps nobody. */
export function inputSchema(spec: InputSpec): z.ZodObject {
  if (isSchema(spec)) {
    // By kind, not by class: the author's zod may be another copy.
    if (spec._zod.def.type === 'object') return spec
    throw new TypeError('input must be a shape like { width: z.int() } or a z.object()')
  }
  return z.strictObject(checkShape('input', spec))
}

/** A field too many in a result is kept: at the end of a long run nothing may be lost over it. */
export function outputSchema(spec: OutputSpec | undefined): z.ZodType | undefined {
  if (spec === undefined || isSchema(spec)) return spec
  return z.looseObject(checkShape('output', spec))
}

function isSchema<S extends z.ZodType>(spec: S | Shape): spec is S {
  return typeof spec === 'object' && spec !== null && '_zod' in spec
}

function checkShape(where: 'input' | 'output', shape: Shape): Shape {
  if (typeof shape !== 'object' || shape === null) {
    throw new TypeError(`${where} must be a shape like { width: z.int() } or a zod schema`)
  }
  for (const [name, field] of Object.entries(shape)) {
    if (typeof field !== 'object' || field === null || !('_zod' in field)) {
      throw new TypeError(
        `${where}.${name} is no zod 4 schema; use the z that longhaul exports, or file()`,
      )
    }
  }
  return shape
}
