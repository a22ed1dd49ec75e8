import type { ProcessorDescription } from '../processor/description.ts'
import { fileFieldsOf } from '../processor/file-fields.ts'
import { canonicalJson, digestOf } from '../support/canonical-json.ts'
import type { Json, JsonObject } from '../support/json.ts'

/** Everything that a result follows from. Two jobs of one owner that agree in all of it have the same result. */
export interface Identity {
  readonly processor: string
  readonly version: string
  /** SHA-256 of the code. */
  readonly code: string | null
  /** The input but for its files, defaults filled in. */
  readonly parameters: JsonObject
  /** Names count: a processor sees them. Where files lie does not. */
  readonly inputs: Readonly<Record<string, readonly InputIdentity[]>>
}
export interface InputIdentity {
  readonly name: string
  readonly sha256: string
}

/**
 * Of an input whose file fields hold files, as submitted or as staged. `unknown`: the first field with a file whose digest
 * nobody knows yet.
 */
export function identityOf(
  description: Pick<ProcessorDescription, 'name' | 'version' | 'code_digest' | 'input'>,
  input: JsonObject,
): Identity | { readonly unknown: string } {
  const parameters: Record<string, Json> = { ...input }
  const inputs: Record<string, readonly InputIdentity[]> = {}
  for (const { name: field } of fileFieldsOf(description.input)) {
    delete parameters[field]
    const files = [input[field] ?? []].flat() as unknown as readonly Partial<InputIdentity>[]
    const known: InputIdentity[] = []
    for (const { name, sha256 } of files) {
      if (name === undefined || sha256 === undefined) return { unknown: field }
      known.push({ name, sha256 })
    }
    inputs[field] = known
  }
  const { name: processor, version, code_digest: code = null } = description
  return { processor, version, code, parameters, inputs }
}

export const fingerprintOf = (identity: Identity): string => digestOf(identity)

/** What of an identity is kept to be compared by people. Long values are their digests. */
export interface ShortIdentity {
  readonly version: string
  readonly code: string | null
  readonly parameters: Readonly<Record<string, string>>
  readonly inputs: Readonly<Record<string, string>>
}

const longestText = 200

export function shorten({ version, code, parameters, inputs }: Identity): ShortIdentity {
  return {
    version,
    code,
    parameters: mapValues(parameters, (value) => {
      const text = canonicalJson(value)
      return text.length <= longestText ? text : `sha256 ${digestOf(value)}`
    }),
    inputs: mapValues(inputs, (files) => {
      const [only, ...others] = files
      if (only === undefined) return 'no file'
      if (others.length === 0) return `${only.name.slice(0, longestText)} sha256 ${only.sha256}`
      return `${files.length} files, together sha256 ${digestOf(files)}`
    }),
  }
}

const mapValues = <From, To>(
  record: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
