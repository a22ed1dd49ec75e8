import type { ActionDescription } from '../processor/index.ts'
import { fileFieldsOf } from '../processor/index.ts'
import { LonghaulError } from '../errors/index.ts'
import { fieldsOf, plainFileName, type FormPart } from '../jobs/index.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { inputSchemaOf, invalidRequest } from '../validation/index.ts'
import type { CallFiles } from './stage-files.ts'

/** What a request says, whatever form it has. */
export interface CallRequest {
  readonly method: string
  /** Parsed JSON, or a form of text. */
  readonly body: unknown
  readonly query: Readonly<Record<string, unknown>>
  readonly path: Readonly<Record<string, unknown>>
  /** The parts of a multipart form. */
  readonly parts: AsyncIterable<FormPart> | undefined
}
export interface ReadCall {
  readonly input: JsonObject
  readonly params: JsonObject
  /** Where the input stood. */
  readonly place: readonly string[]
}

/**
 * What a call says, checked by the action's schemas. What is wrong with the body is said before what is wrong with the path,
 * as clients of system B know it.
 */
export async function readCall(
  action: ActionDescription,
  request: CallRequest,
  files: CallFiles,
): Promise<ReadCall> {
  const { given, place, fromForm } = await rawInput(action, request, files)
  const checked = inputSchemaOf(action).check(given, { place, fromForm })
  if (!checked.ok) throw invalidRequest(checked.details)
  return { input: checked.input, params: checkPath(action, request), place }
}

/** The same input with its files where the action can read them. */
export async function stageInput(
  action: ActionDescription,
  { input, place }: ReadCall,
  files: CallFiles,
): Promise<JsonObject> {
  const staged: Record<string, Json> = { ...input }
  for (const { name, many } of fileFieldsOf(action.input)) {
    const value = input[name]
    if (value === undefined || value === null) continue
    const found: Json[] = []
    for (const [index, one] of [value].flat().entries()) {
      const loc = [...place, name, ...(many ? [index] : [])]
      found.push(
        isStaged(one) ? one.staged : ((await files.fromStore(one, loc)) as unknown as Json),
      )
    }
    if (!many && found.length > 1)
      throw invalidRequest([
        { type: 'too_long', loc: [...place, name], msg: 'One file, not several' },
      ])
    staged[name] = many ? found : (found[0] ?? null)
  }
  return staged
}

async function rawInput(action: ActionDescription, request: CallRequest, files: CallFiles) {
  const { method, body, query, parts } = request
  if (parts)
    return { given: await readParts(action, parts, files), place: ['body'], fromForm: true }
  if (body instanceof URLSearchParams)
    return { given: fieldsOf(body), place: ['body'], fromForm: true }
  if (body === undefined && ['GET', 'HEAD', 'DELETE'].includes(method)) {
    // What the path needs may stand here where the action is called by its name.
    const inPath = new Set(Object.keys((action.params['properties'] ?? {}) as object))
    const own = Object.entries(query).filter(([name]) => !inPath.has(name))
    return { given: Object.fromEntries(own) as JsonObject, place: ['query'], fromForm: true }
  }
  return { given: objectOf(action, body), place: ['body'], fromForm: false }
}

function objectOf(action: ActionDescription, body: unknown): JsonObject {
  const required = (action.input['required'] ?? []) as readonly string[]
  if (body === undefined || body === null) {
    if (required.length === 0) return {}
    throw invalidRequest([{ type: 'missing', loc: ['body'], msg: 'Field required' }])
  }
  if (typeof body === 'object' && !Array.isArray(body)) return body as JsonObject
  const msg = 'Input should be a valid dictionary or object to extract fields from'
  throw invalidRequest([{ type: 'model_attributes_type', loc: ['body'], msg }])
}

const ofPath = new WeakMap<ActionDescription, { readonly input: JsonObject }>()

/** 400, and by its own name: in system B only bodies were 422. */
function checkPath(action: ActionDescription, { path, query }: CallRequest): JsonObject {
  const described = ofPath.get(action) ?? { input: action.params }
  ofPath.set(action, described)
  const names = Object.keys((action.params['properties'] ?? {}) as object)
  const given = names.flatMap((name) => {
    const value = path[name] ?? query[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  const checked = inputSchemaOf(described).check(Object.fromEntries(given), {
    place: ['path'],
    fromForm: true,
  })
  if (checked.ok) return checked.input
  const sentence = checked.details.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; ')
  throw new LonghaulError('invalid-path', sentence, { facts: { details: [...checked.details] } })
}

/** So that nothing that a client writes into a form can be taken for a file of this machine. */
class Staged {
  readonly staged: Json
  constructor(staged: Json) {
    this.staged = staged
  }
}
const isStaged = (value: unknown): value is Staged => value instanceof Staged

async function readParts(
  action: ActionDescription,
  parts: AsyncIterable<FormPart>,
  files: CallFiles,
): Promise<JsonObject> {
  const fields = new Set(fileFieldsOf(action.input).map(({ name }) => name))
  const input = new Map<string, unknown>()
  let left = action.max_bytes
  for await (const part of parts) {
    if (part.type === 'field') {
      const value = typeof part.value === 'string' ? part.value : JSON.stringify(part.value)
      left -= Buffer.byteLength(value)
      if (left < 0)
        throw new LonghaulError(
          'body-too-large',
          `The form is larger than ${action.max_bytes} bytes.`,
        )
      add(input, part.fieldname, value)
    } else if (part.filename === '') part.file.resume()
    else {
      if (!fields.has(part.fieldname))
        throw invalidRequest([
          {
            type: 'extra_forbidden',
            loc: ['body', part.fieldname],
            msg: 'There is no such file field',
          },
        ])
      const staged = await files.fromForm(plainFileName(part.filename), part.mimetype, part.file)
      add(input, part.fieldname, new Staged(staged as unknown as Json))
    }
  }
  return Object.fromEntries(input) as JsonObject
}

/** A field that comes again makes a list. */
function add(input: Map<string, unknown>, name: string, value: unknown): void {
  const before = input.get(name)
  if (before === undefined) input.set(name, value)
  else input.set(name, Array.isArray(before) ? [...(before as unknown[]), value] : [before, value])
}
