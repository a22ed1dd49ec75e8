import type { JsonObject } from '../support/json.ts'

export interface FileField {
  readonly name: string
  readonly many: boolean
  readonly required: boolean
  readonly mediaType: string | undefined
}

/** The file fields of a described schema, in its order (see ProcessorDescription for how they are marked). */
export function fileFieldsOf(schema: JsonObject): readonly FileField[] {
  const properties = (schema['properties'] ?? {}) as Record<string, JsonObject>
  const required = (schema['required'] ?? []) as readonly string[]
  const fields: FileField[] = []
  for (const [name, property] of Object.entries(properties)) {
    // An optional file may be written as "this or null".
    const forms = [property, ...((property['anyOf'] ?? []) as readonly JsonObject[])]
    for (const form of forms) {
      const one = form['x-longhaul-file'] as FileMark | undefined
      const each = (form['items'] as JsonObject | undefined)?.['x-longhaul-file'] as
        FileMark | undefined
      const mark = one ?? each
      if (mark === undefined) continue
      fields.push({
        name,
        many: one === undefined,
        required: required.includes(name),
        mediaType: mark.media_type,
      })
      break
    }
  }
  return fields
}

type FileMark = { readonly media_type?: string }
