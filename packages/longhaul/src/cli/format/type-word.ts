import type { JsonObject } from '../../support/json.ts'

const words: Readonly<Record<string, string>> = {
  integer: 'int',
  number: 'number',
  string: 'text',
  boolean: 'bool',
  object: 'json',
  null: 'none',
}

/** A JSON Schema in one word, as an author would have written the type. */
export function typeWord(schema: JsonObject): string {
  if (schema['x-longhaul-file'] !== undefined) return 'file'
  const choices = schema['enum'] as readonly unknown[] | undefined
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice)).join(' | ')
  if (schema['const'] !== undefined) return JSON.stringify(schema['const'])
  const forms = (schema['anyOf'] ?? schema['oneOf']) as readonly JsonObject[] | undefined
  if (forms !== undefined) {
    const some = forms.filter((form) => form['type'] !== 'null').map(typeWord)
    return [...new Set(some)].join(' | ')
  }
  if (schema['type'] === 'array') {
    const item = typeWord((schema['items'] ?? {}) as JsonObject)
    return item.includes(' ') ? `(${item})[]` : `${item}[]`
  }
  const types = [schema['type']].flat().filter((type) => type !== 'null')
  return types.map((type) => words[type as string] ?? 'json').join(' | ') || 'json'
}
