import { fileFieldsOf, type ProcessorDescription } from '../processor/index.ts'

export type SchemaObject = Readonly<Record<string, unknown>>
export interface Operation {
  readonly tags?: readonly string[]
  readonly responses?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export interface ProcessorPaths {
  readonly paths: Record<string, Record<string, Operation>>
  readonly schemas: Record<string, SchemaObject>
}

/** `/run` and `/jobs` of one processor as OpenAPI, with its real input as a form and as JSON. */
export function processorPaths(description: ProcessorDescription): ProcessorPaths {
  const { name } = description
  const base = `/processors/${encodeURIComponent(name)}`
  const { schema, definitions } = hoist(description.input, name)
  const form = `${componentName(name)}.form`
  const input = `${componentName(name)}.input`
  const requestBody = {
    required: true,
    content: {
      'multipart/form-data': { schema: refTo(form) },
      'application/json': {
        schema: { type: 'object', required: ['input'], properties: { input: refTo(input) } },
      },
    },
  }
  const tags = [name]
  const text = description.description
  return {
    schemas: {
      ...definitions,
      [form]: withFiles(schema, description, { type: 'string', format: 'binary' }),
      [input]: withFiles(schema, description, fileReference),
    },
    paths: {
      [`${base}/run`]: {
        post: {
          tags,
          summary: `Run ${name} and wait for its result`,
          description: `${text}\n\nWaits 30 s, or as long as \`Prefer: wait=N\` says (at most 60). One file is answered as it is.`,
          parameters: [preferHeader, idempotencyHeader, reuseParameter],
          requestBody,
          responses: {
            200: {
              description: 'The output file, or the job with its result',
              content: bytesOrJob,
            },
            202: { description: 'Not finished yet; the job goes on', content: jobContent },
            default: problem,
          },
        },
      },
      [`${base}/jobs`]: {
        post: {
          tags,
          summary: `Submit a job for ${name}`,
          description: text,
          parameters: [idempotencyHeader, reuseParameter],
          requestBody,
          responses: {
            201: { description: 'Accepted; it will not be lost', content: jobContent },
            default: problem,
          },
        },
      },
    },
  }
}

export const refTo = (component: string) => ({ $ref: `#/components/schemas/${component}` })
const jobContent = { 'application/json': { schema: refTo('Job') } }
const bytesOrJob = { ...jobContent, '*/*': { schema: { type: 'string', format: 'binary' } } }
export const problem = {
  description: 'What went wrong (RFC 9457)',
  content: { 'application/problem+json': { schema: refTo('Problem') } },
}
const header = (name: string, description: string) => ({
  in: 'header',
  name,
  description,
  schema: { type: 'string' },
})
const preferHeader = header('Prefer', '`wait=N` seconds, or `respond-async`')
const idempotencyHeader = header('Idempotency-Key', 'The same key and body give the same job')
const reuseParameter = {
  in: 'query',
  name: 'reuse',
  description:
    '`true`: an equal job that has completed or is under way is the answer, with `Longhaul-Reused: true`. `false`: run it anew',
  schema: { type: 'boolean' },
}
const sha256 = {
  type: 'string',
  description: 'SHA-256 (hex), compared when the job reads the file',
}
export const fileReference = {
  oneOf: [
    {
      type: 'object',
      required: ['upload_id'],
      properties: { upload_id: { type: 'string' }, sha256 },
    },
    {
      type: 'object',
      required: ['uri'],
      properties: { uri: { type: 'string' }, name: { type: 'string' }, sha256 },
    },
  ],
}

/** OpenAPI allows fewer characters in component names than we do in names of processors. */
export const componentName = (name: string): string => name.replace(/[^\w.-]/g, '_')

export function withFiles(
  schema: SchemaObject,
  description: Pick<ProcessorDescription, 'input'>,
  file: SchemaObject,
): SchemaObject {
  const properties = { ...(schema['properties'] as Record<string, SchemaObject> | undefined) }
  for (const { name, many } of fileFieldsOf(description.input)) {
    const { description: text } = properties[name] ?? {}
    const one = many ? { type: 'array', items: file } : file
    properties[name] = { ...one, ...(text === undefined ? {} : { description: text }) }
  }
  return { ...schema, properties }
}

/** `#/$defs/x` would point into the whole document: definitions become components. */
export function hoist(input: SchemaObject, name: string) {
  const prefix = `${componentName(name)}.defs.`
  const rewrite = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(rewrite)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(
      Object.entries(node).map(([key, value]) => [
        key,
        key === '$ref' && typeof value === 'string'
          ? value.replace(/^#\/\$defs\//, `#/components/schemas/${prefix}`)
          : rewrite(value),
      ]),
    )
  }
  const { $defs = {}, $schema: _schema, $id: _id, ...schema } = input
  const definitions = Object.entries($defs as Record<string, unknown>).map(
    ([key, value]) => [`${prefix}${key}`, rewrite(value) as SchemaObject] as const,
  )
  return { schema: rewrite(schema) as SchemaObject, definitions: Object.fromEntries(definitions) }
}
