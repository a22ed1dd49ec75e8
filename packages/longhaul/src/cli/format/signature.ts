import type { JsonObject } from '../../support/json.ts'
import { typeWord } from './type-word.ts'

/** A processor's schemas as a person would write the function: `image: file · width: int = 256 → file`. */
export function signature(input: JsonObject, output: JsonObject): string {
  const required = (input['required'] ?? []) as readonly string[]
  const fields = propertiesOf(input).map(([name, schema]) => {
    if (schema['default'] !== undefined) {
      return `${name}: ${typeWord(schema)} = ${JSON.stringify(schema['default'])}`
    }
    return `${name}${required.includes(name) ? '' : '?'}: ${typeWord(schema)}`
  })
  return `${fields.join(' · ') || 'no input'} → ${outputWord(output)}`
}

function outputWord(schema: JsonObject): string {
  const fields = propertiesOf(schema)
  const [only] = fields
  if (only === undefined) return typeWord(schema)
  if (fields.length === 1 && typeWord(only[1]).startsWith('file')) return typeWord(only[1])
  return `{ ${fields.map(([name, property]) => `${name}: ${typeWord(property)}`).join(', ')} }`
}

export const propertiesOf = (schema: JsonObject): readonly (readonly [string, JsonObject])[] =>
  Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, JsonObject>>)
