import type { Json, JsonObject } from '../support/json.ts'

/** Text becomes lists, objects and truth values where the schema wants them; numbers are ajv's to coerce. */
export function readFormInput(schema: JsonObject, given: JsonObject): JsonObject {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonObject>
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, readField(properties[name], value)]),
  )
}

function readField(property: JsonObject | undefined, value: Json): Json {
  const type = property?.['type']
  if (type === 'array') {
    if (typeof value === 'string') return parsed(value, '[') ?? [value]
    return Array.isArray(value) ? (value as Json[]) : [value]
  }
  if (typeof value !== 'string' || type === 'string') return value
  if (type === 'boolean') {
    // What browsers and people write for a ticked box.
    if (/^(on|yes|1|true)$/i.test(value)) return true
    if (/^(off|no|0|false)$/i.test(value)) return false
  }
  return parsed(value, '{') ?? value
}

function parsed(text: string, start: '[' | '{'): Json | undefined {
  if (!text.trimStart().startsWith(start)) return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
