import { glob, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileFieldsOf } from '../processor/index.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { UsageError } from './exit-code.ts'
import { propertiesOf } from './format/signature.ts'
import { typeWord } from './format/type-word.ts'
import { didYouMean } from '../support/nearest.ts'

/** A file as the words name it: one of this computer, or one that the service can reach by itself. */
export type NamedFile = { readonly path: string } | { readonly uri: string }
export interface InputWords {
  readonly values: Readonly<Record<string, Json>>
  readonly files: Readonly<
    Record<string, { readonly many: boolean; readonly named: readonly NamedFile[] }>
  >
}

/**
 * `width=128 image=@cat.png images=@scans/*.tif`: words for the fields of a schema. Values get the field's type; a name given
 * more than once is a list; `name:=…` is JSON as it stands. Everything that can be refused is refused before a byte is sent.
 */
export async function readInputWords(
  words: readonly string[],
  schema: JsonObject,
  cwd: string,
): Promise<InputWords> {
  const properties = new Map(propertiesOf(schema))
  const fileFields = new Map(fileFieldsOf(schema).map((field) => [field.name, field]))
  const given = new Map<string, Json[]>()
  const files = new Map<string, NamedFile[]>()
  for (const word of words) {
    const [, name, json, text] = /^([^=:@]+)(:?)=(.*)$/s.exec(word) ?? []
    if (name === undefined || text === undefined) {
      throw new UsageError(`${word} is no input; write name=value, or name=@path for a file`)
    }
    const property = properties.get(name)
    if (
      property === undefined &&
      (properties.size > 0 || schema['additionalProperties'] === false)
    ) {
      const known = [...properties.keys()]
      throw new UsageError(
        `There is no input ${name}${didYouMean(name, known) || `; there is ${known.join(', ') || 'none'}`}`,
      )
    }
    if (fileFields.has(name)) {
      add(files, name, await filesOf(name, text, cwd))
    } else {
      add(given, name, [json === ':' ? parseJson(name, text) : valueOf(name, text, property ?? {})])
    }
  }
  const required = (schema['required'] ?? []) as readonly string[]
  const missing = required.filter((name) => !given.has(name) && !files.has(name))
  if (missing.length > 0) {
    const wanted = missing.map((name) =>
      fileFields.has(name) ? `${name}=@FILE` : `${name}=${typeWord(properties.get(name) ?? {})}`,
    )
    throw new UsageError(`Input is missing: ${wanted.join(' ')}`)
  }
  return {
    values: Object.fromEntries(
      [...given].map(([name, values]) => [
        name,
        listOrOne(name, values, properties.get(name) ?? {}),
      ]),
    ),
    files: Object.fromEntries(
      [...files].map(([name, named]) => {
        const many = fileFields.get(name)?.many === true
        if (!many && named.length > 1)
          throw new UsageError(`${name} is one file, got ${named.length}`)
        return [name, { many, named }]
      }),
    ),
  }
}

function add<T>(to: Map<string, T[]>, name: string, values: readonly T[]): void {
  to.set(name, [...(to.get(name) ?? []), ...values])
}

async function filesOf(name: string, text: string, cwd: string): Promise<readonly NamedFile[]> {
  if (/^(s3|file|https?):\/\//.test(text)) return [{ uri: text }]
  if (!text.startsWith('@')) throw new UsageError(`${name} is a file; write ${name}=@${text}`)
  const file = text.slice(1)
  if (!/[*?[{]/.test(file)) return [{ path: await existing(name, file, cwd) }]
  const found: string[] = []
  for await (const match of glob(file, { cwd })) found.push(path.resolve(cwd, match))
  if (found.length === 0) throw new UsageError(`${name}: no file matches ${file}`)
  return found.sort().map((match) => ({ path: match }))
}

async function existing(name: string, file: string, cwd: string): Promise<string> {
  const whole = path.resolve(cwd, file)
  const found = await stat(whole).catch(() => undefined)
  if (found === undefined) throw new UsageError(`${name}: there is no file ${file}`)
  if (found.isDirectory())
    throw new UsageError(`${name}: ${file} is a folder; its files are ${name}=@'${file}/*'`)
  return whole
}

/** The text as the field's type has it; whether it may have that value, the service knows better. */
function valueOf(name: string, text: string, schema: JsonObject): Json {
  const types = typesOf(schema)
  if (types.includes('array') && !text.startsWith('[')) {
    return valueOf(name, text, (schema['items'] ?? {}) as JsonObject)
  }
  if (types.length === 0 || types.includes('string')) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new UsageError(`${name} must be ${typeWord(schema)}, got ${JSON.stringify(text)}`)
  }
}

function listOrOne(name: string, values: readonly Json[], schema: JsonObject): Json {
  const [first = null] = values
  if (typesOf(schema).includes('array'))
    return values.length === 1 && Array.isArray(first) ? first : values
  if (values.length > 1) throw new UsageError(`${name} is given ${values.length} times`)
  return first
}

function typesOf(schema: JsonObject): readonly unknown[] {
  const choices = (schema['enum'] ??
    (schema['const'] === undefined ? undefined : [schema['const']])) as
    readonly unknown[] | undefined
  if (choices !== undefined) return choices.map((choice) => typeof choice)
  const forms = (schema['anyOf'] ?? schema['oneOf'] ?? []) as readonly JsonObject[]
  return forms.length > 0 ? forms.flatMap(typesOf) : [schema['type'] ?? []].flat()
}

function parseJson(name: string, text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw new UsageError(`${name}:= takes JSON: ${(error as Error).message}`)
  }
}
