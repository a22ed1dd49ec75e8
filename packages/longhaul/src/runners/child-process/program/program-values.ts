import path from 'node:path'
import { LonghaulError } from '../../../errors/index.ts'
import type { Json, JsonObject } from '../../../support/json.ts'
import type { StagedFile } from '../../messages.ts'
import type { Argument, Field, ProgramTemplate } from './program-template.ts'

/** The JSON Schema of a template's inputs. Throws a TypeError when a default is none of its type. */
export function inputSchemaOf({ fields }: ProgramTemplate): JsonObject {
  const inputs = fields.filter(({ kind }) => kind !== 'output')
  const properties = inputs.map(({ name, fallback, ...field }) => {
    const schema = schemaOf(field)
    if (fallback === undefined) return [name, schema]
    const value = parseFallback(name, field.kind, fallback)
    textOf({ name, ...field }, value)
    return [name, { ...schema, default: value }]
  })
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as JsonObject,
    required: inputs.filter(({ fallback }) => fallback === undefined).map(({ name }) => name),
    additionalProperties: false,
  }
}

/** One file for each `out`; without any, what the program printed. */
export function outputSchemaOf({ fields }: ProgramTemplate): JsonObject {
  const outputs = fields.filter(({ kind }) => kind === 'output').map(({ name }) => name)
  const properties =
    outputs.length > 0
      ? outputs.map((name) => [name, fileSchema])
      : [['stdout', { type: 'string' }]]
  return {
    type: 'object',
    properties: Object.fromEntries(properties) as JsonObject,
    required: outputs.length > 0 ? outputs : ['stdout'],
  }
}

export const outputNameOf = (field: Field): string => `${field.name}${field.extension ?? ''}`

/**
 * The arguments of one run. A value never becomes an option by accident: one that begins with `-` is refused where it
 * would be an argument of its own; `--title={title}` takes anything, and a number may follow an option (`-ss {start:float}`).
 */
export function argumentsFor(
  template: ProgramTemplate,
  input: JsonObject,
  outputFolder: string,
): string[] {
  const fields = new Map(template.fields.map((field) => [field.name, field]))
  return template.args.flatMap((argument, index) => {
    const [only] = argument
    if (
      argument.length === 1 &&
      typeof only === 'object' &&
      fields.get(only.field)?.kind === 'files'
    )
      return filesOf(only.field, input[only.field]).map((file) => file.path)
    const text = argument
      .map((part) => {
        if (typeof part === 'string') return part
        const field = fields.get(part.field) as Field
        if (field.kind === 'output') return path.join(outputFolder, outputNameOf(field))
        return textOf(field, valueOf(field, input))
      })
      .join('')
    if (text.startsWith('-') && typeof argument[0] === 'object')
      checkDash(fields.get(argument[0].field) as Field, template.args[index - 1])
    return text
  })
}

function checkDash(field: Field, before: Argument | undefined): void {
  const isNumber = field.kind === 'int' || field.kind === 'float'
  const afterOption = typeof before?.[0] === 'string' && before[0].startsWith('-')
  if (isNumber && afterOption) return
  throw refused(field.name, 'must not begin with "-": the program would take it for an option')
}

const fileSchema = {
  type: 'string',
  format: 'binary',
  'x-longhaul-file': { media_type: '*/*' },
} as const

function schemaOf({ kind, choices }: Omit<Field, 'name'>): JsonObject {
  switch (kind) {
    case 'files':
      return { type: 'array', items: fileSchema }
    case 'int':
      return { type: 'integer' }
    case 'float':
      return { type: 'number' }
    case 'bool':
      return { type: 'boolean' }
    case 'choice':
      return { type: 'string', enum: choices ?? [] }
    case 'str':
      return { type: 'string' }
    default:
      return fileSchema
  }
}

function parseFallback(name: string, kind: Field['kind'], text: string): Json {
  if (kind === 'bool' && (text === 'true' || text === 'false')) return text === 'true'
  if (kind === 'int' || kind === 'float') {
    const value = Number(text)
    if (text.trim() === '' || !Number.isFinite(value))
      throw new TypeError(`{${name}}: the default ${JSON.stringify(text)} is no number.`)
    return value
  }
  return text
}

function valueOf({ name, kind, fallback }: Field, input: JsonObject): Json | undefined {
  const value = input[name]
  if (value !== undefined || fallback === undefined) return value
  return parseFallback(name, kind, fallback)
}

function textOf({ name, kind, choices }: Field, value: Json | undefined): string {
  if (value === undefined) throw refused(name, 'is missing')
  switch (kind) {
    case 'int':
      if (typeof value !== 'number' || !Number.isSafeInteger(value))
        throw refused(name, 'must be a whole number')
      return String(value)
    case 'float':
      if (typeof value !== 'number') throw refused(name, 'must be a number')
      return String(value)
    case 'bool':
      if (typeof value !== 'boolean') throw refused(name, 'must be true or false')
      return String(value)
    case 'choice':
      if (typeof value !== 'string' || choices?.includes(value) !== true)
        throw refused(name, `must be one of ${choices?.join(', ')}`)
      return value
    case 'str':
      if (typeof value !== 'string' || value.includes('\0')) throw refused(name, 'must be text')
      return value
    default:
      return filesOf(name, [value])[0]?.path ?? ''
  }
}

function filesOf(name: string, value: Json | undefined): readonly StagedFile[] {
  const files = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (Array.isArray(value) && files.every(isStaged)) return files
  throw refused(name, 'must be a file')
}

const isStaged = (value: unknown): value is StagedFile =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { path?: unknown }).path === 'string'

const refused = (field: string, detail: string): LonghaulError =>
  new LonghaulError('invalid-input', `${field} ${detail}`, {
    facts: { field, errors: [{ pointer: `/${field}`, detail }] },
  })
