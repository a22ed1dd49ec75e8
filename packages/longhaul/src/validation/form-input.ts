import type { Json, JsonObject } from '../support/json.ts'

/**
 * A form is all text: each becomes what the schema wants there. Not ajv's coercion, which tries every form of a union and
 * so makes null of a 0 that may be null.
 */
export function readFormInput(schema: JsonObject, given: JsonObject): JsonObject {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonObject>
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, readField(properties[name], value)]),
  )
}

/** The first form that the text can be; else the text as it came, for the check to complain of. */
function readField(property: JsonObject | undefined, value: Json): Json {
  if (property === undefined) return value
  const forms = formsOf(property)
  // An empty field is how a form says "nothing".
  if (value === '' && forms.some(({ type }) => type === 'null')) return null
  for (const form of forms) {
    const read = readAs(form, value)
    if (read !== undefined) return read
  }
  return value
}

function formsOf(property: JsonObject): readonly JsonObject[] {
  const forms = (property['anyOf'] ?? property['oneOf']) as readonly JsonObject[] | undefined
  if (forms) return forms.flatMap(formsOf)
  const { type } = property
  return Array.isArray(type)
    ? (type as Json[]).map((one) => ({ ...property, type: one }))
    : [property]
}

function readAs(form: JsonObject, value: Json): Json | undefined {
  const type = form['type']
  if (type === 'array') {
    const items = form['items'] as JsonObject | undefined
    const list = typeof value === 'string' ? (parsed(value, '[') ?? [value]) : [value].flat()
    return (list as Json[]).map((item) => readField(items, item))
  }
  if (typeof value !== 'string') return Array.isArray(value) ? undefined : value
  if (Array.isArray(form['enum']))
    return (form['enum'] as Json[]).find((one) => one === value || JSON.stringify(one) === value)
  if (type === 'string') return value
  if (type === 'boolean') return truthOf(value)
  if (type === 'integer' || type === 'number') return numberOf(value, type)
  if (type === 'null') return undefined
  return parsed(value, '{') ?? (type === undefined ? value : undefined)
}

/** What browsers and people write for a ticked box. */
function truthOf(text: string): boolean | undefined {
  if (/^(on|yes|1|true)$/i.test(text)) return true
  return /^(off|no|0|false)$/i.test(text) ? false : undefined
}

/** A whole number that a double would round is not read: better refused than changed. */
function numberOf(text: string, type: 'integer' | 'number'): number | undefined {
  if (text.length > 400 || !/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()))
    return undefined
  const value = Number(text)
  if (type === 'integer') return Number.isSafeInteger(value) ? value : undefined
  return Number.isFinite(value) ? value : undefined
}

function parsed(text: string, start: '[' | '{'): Json | undefined {
  if (!text.trimStart().startsWith(start)) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
