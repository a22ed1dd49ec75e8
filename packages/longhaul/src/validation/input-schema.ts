import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { ValidationDetail } from '@longhaul/protocol'
import { fileFieldsOf, type FileField } from '../processor/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { readFormInput } from './form-input.ts'
import { detailOfSchemaError } from './schema-details.ts'
import { schemaValidators } from './schema-validators.ts'

/** A processor's input schema, ready to check requests. */
export interface InputSchema {
  readonly fileFields: readonly FileField[]
  /** Fills defaults, drops fields that the schema does not know, and finds everything that is wrong. */
  check(input: JsonObject, how: CheckOptions): CheckedInput
}
export interface CheckOptions {
  /** Where the input stood, such as ['body', 'input']. */
  readonly place: readonly (string | number)[]
  /** Form fields are all text: "3" is a number where the schema wants one. */
  readonly fromForm?: boolean
  /** A manifest brings the files when the job runs. */
  readonly withoutFiles?: boolean
}
export type CheckedInput =
  | { readonly ok: true; readonly input: Record<string, Json> }
  | { readonly ok: false; readonly details: readonly ValidationDetail[] }

/** A processor, or an action of one. */
type Described = Pick<ProcessorDescription, 'input'>

const compiled = new WeakMap<Described, InputSchema>()

/** Compiled once per description. */
export function inputSchemaOf(description: Described): InputSchema {
  const schema = compiled.get(description) ?? compile(description.input)
  compiled.set(description, schema)
  return schema
}

function compile(schema: JsonObject): InputSchema {
  const fileFields = fileFieldsOf(schema)
  const validators = new Map<string, ValidateFunction>()
  const validatorFor = (withoutFiles: boolean, large: boolean): ValidateFunction => {
    const key = `${withoutFiles} ${large}`
    const known = validators.get(key)
    if (known !== undefined) return known
    const { thorough, frugal } = schemaValidators()
    const validate = (large ? frugal : thorough).compile(
      checkable(schema, fileFields, withoutFiles),
    )
    validators.set(key, validate)
    return validate
  }
  return {
    fileFields,
    check(given, { place, fromForm = false, withoutFiles = false }) {
      const input = dropUnknown(schema, fromForm ? readFormInput(schema, given) : given)
      // What the manifest fills cannot be said beside it: nobody would check those files.
      if (withoutFiles) for (const { name } of fileFields) delete input[name]
      const validate = validatorFor(withoutFiles, valuesLeft(input, 10_000) === 0)
      if (validate(input)) return { ok: true, input }
      const errors = validate.errors ?? []
      return { ok: false, details: errors.map((one) => detailOfSchemaError(one, input, place)) }
    },
  }
}

/** How many of `left` values remain when those inside `value` are taken away; 0 as soon as there are too many. */
function valuesLeft(value: Json | undefined, left: number): number {
  let rest = left - 1
  if (typeof value !== 'object' || value === null) return Math.max(0, rest)
  for (const inner of Object.values(value)) {
    if (rest <= 0) return 0
    rest = valuesLeft(inner, rest)
  }
  return Math.max(0, rest)
}

/** Files are checked where they are resolved; the schema only says that they are there, and how many. */
function checkable(
  schema: JsonObject,
  fileFields: readonly FileField[],
  withoutFiles: boolean,
): JsonObject {
  // Dialects and ids of others would make ajv look for schemas it does not have.
  const { $schema: _schema, $id: _id, ...rest } = schema
  const properties = { ...(schema['properties'] as Record<string, Json> | undefined) }
  const files = new Set(fileFields.map(({ name }) => name))
  for (const { name, many } of fileFields) {
    if (withoutFiles) delete properties[name]
    else properties[name] = many ? { ...(properties[name] as JsonObject), items: {} } : {}
  }
  const required = ((schema['required'] ?? []) as readonly string[]).filter(
    (name) => !withoutFiles || !files.has(name),
  )
  return { ...rest, properties, required }
}

/**
 * Unknown fields are ignored, as everywhere in the API, unless the author asked to hear of them: with
 * `additionalProperties: false` they stay, and are reported.
 */
function dropUnknown(schema: JsonObject, input: JsonObject): Record<string, Json> {
  const { properties, additionalProperties } = schema
  const known = (name: string): boolean =>
    properties === undefined ||
    additionalProperties !== undefined ||
    Object.hasOwn(properties as JsonObject, name)
  return Object.fromEntries(Object.entries(input).filter(([name]) => known(name)))
}
