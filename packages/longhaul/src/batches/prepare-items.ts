import { batchItem, type ValidationDetail } from '@longhaul/protocol'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import type { Scope } from '../jobs/engine.ts'
import type { FileRef } from '../jobs/job.ts'
import type { FileField, ProcessorDescription } from '../processor/index.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { pathOfUrl } from '../outbound/index.ts'
import { isDeeperThan } from '../support/json-depth.ts'
import { inputSchemaOf } from '../validation/index.ts'
import { fileFinder, fileMistake, uploadIdsIn, type FindFile } from './item-file.ts'
import type { RawItem } from './read-items.ts'

export interface PreparedItem {
  readonly name: string
  readonly input: JsonObject
}
export type Prepared =
  | { readonly ok: true; readonly item: PreparedItem }
  | { readonly ok: false; readonly details: readonly ValidationDetail[] }

export interface ItemRules {
  readonly processor: ProcessorDescription
  readonly parameters: JsonObject
  /** What the file of an item fills; absent where the processor takes no file. */
  readonly field: FileField | undefined
}

/** It was parsed from JSON a moment ago: to ask of each value whether it is JSON would take seconds. */
const object = z.record(z.string(), z.unknown())
const [text, upload, uri, whole] = batchItem.options
const looseItem = z.union([
  text,
  upload.extend({ parameters: object.optional() }),
  uri.extend({ parameters: object.optional() }),
  whole.extend({ input: object }),
])

const maxDepth = 200

/** Checks a chunk of items against the processor, as a single submission would be: files are found, defaults filled. */
export async function prepareItems(
  services: Services,
  scope: Scope,
  rules: ItemRules,
  chunk: readonly RawItem[],
): Promise<readonly Prepared[]> {
  const { fileFields } = inputSchemaOf(rules.processor)
  const named = chunk.map(({ given }) => given as { input?: JsonObject } | null | undefined)
  const findFile = await fileFinder(services, scope, [
    ...uploadIdsIn(named),
    ...uploadIdsIn(fileFields.map(({ name }) => rules.parameters[name])),
    ...uploadIdsIn(named.flatMap((one) => fileFields.map(({ name }) => one?.input?.[name]).flat())),
  ])
  const prepared: Prepared[] = []
  for (const raw of chunk) prepared.push(await prepareItem(rules, raw, findFile))
  return prepared
}

async function prepareItem(rules: ItemRules, raw: RawItem, findFile: FindFile): Promise<Prepared> {
  const { loc } = raw
  const wrong = (type: string, msg: string, at: readonly (string | number)[] = loc): Prepared => ({
    ok: false,
    details: [{ type, loc: [...at], msg }],
  })
  if (isDeeperThan(maxDepth, raw.given as Json))
    return wrong('value_error', `Nested more than ${maxDepth} deep`)
  const parsed = raw.found === undefined ? looseItem.safeParse(raw.given) : undefined
  if (parsed?.success === false)
    return wrong('batch_item', 'Input should be a URI, {"upload_id"}, {"uri"} or {"input": {…}}')
  const said = typeof parsed?.data === 'string' ? { uri: parsed.data } : parsed?.data

  let given: JsonObject
  // By identity: a request cannot say of a file that it was found already.
  const known = new Set<unknown>()
  let name = raw.found?.name ?? (said !== undefined && 'name' in said ? said.name : undefined)
  if (said !== undefined && 'input' in said) {
    given = { ...rules.parameters, ...(said.input as JsonObject) }
  } else {
    const { field } = rules
    if (field === undefined) return wrong('batch_item', whyNoFile(rules.processor))
    let file: FileRef
    try {
      file = raw.found?.file ?? (await findFile(said, name))
    } catch (error) {
      const { type, msg } = fileMistake(error)
      return wrong(type, msg)
    }
    name ??= nameOf(said, file)
    const own = (said?.parameters ?? {}) as JsonObject
    const value = file as unknown as Json
    known.add(file)
    given = { ...rules.parameters, ...own, [field.name]: field.many ? [value] : value }
  }

  const schema = inputSchemaOf(rules.processor)
  const checked = schema.check(given, { place: loc })
  if (!checked.ok) return { ok: false, details: checked.details }
  const { input } = checked
  const found: FileRef[] = []
  for (const { name: field, many } of schema.fileFields) {
    const value = input[field]
    if (value === undefined || value === null) continue
    try {
      const files: FileRef[] = []
      for (const one of many ? (value as readonly Json[]) : [value])
        files.push(known.has(one) ? (one as unknown as FileRef) : await findFile(one))
      found.push(...files)
      input[field] = (many ? files : files[0]) as unknown as Json
    } catch (error) {
      const { type, msg } = fileMistake(error)
      return wrong(type, msg, [...loc, field])
    }
  }
  return { ok: true, item: { name: name ?? found[0]?.name ?? 'item', input } }
}

function whyNoFile(processor: ProcessorDescription): string {
  const fields = inputSchemaOf(processor).fileFields.map(({ name }) => name)
  return fields.length === 0
    ? `${processor.name} takes no file; write {"input": {…}}`
    : `${processor.name} has the file inputs ${fields.join(', ')}; say with "field" which one the items fill, or write {"input": {…}}`
}

/** The path in a URI says more than its last name; an upload's name is all there is. */
function nameOf(said: object | undefined, file: FileRef): string {
  const given = said !== undefined && 'uri' in said ? String(said.uri) : ''
  const path = pathOfUrl(given)?.slice(1)
  if (path) return path
  return /^(s3|file):\/\/[^/]*\/(.+)$/i.exec(given)?.[2] ?? file.name
}
