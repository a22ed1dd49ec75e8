import { isDeepStrictEqual } from 'node:util'
import type { JobOutput, PendingOutput } from '../jobs/job.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Json, JsonObject } from '../support/json.ts'

/**
 * A processor's result names its files as `{ "$output": name }`. In the stored result each becomes a small record of the
 * stored object, and the object learns to which field of the result it belongs.
 */
export function linkResult(
  value: Json,
  pending: readonly PendingOutput[],
): { value: Json; outputs: readonly PendingOutput[] } {
  const byName = new Map(pending.map((output) => [output.name, output]))
  const fields = new Map<string, string>()
  const replace = (node: Json, field: string | undefined): Json => {
    if (node === null || typeof node !== 'object') return node
    if (Array.isArray(node)) return (node as readonly Json[]).map((item) => replace(item, field))
    const record = node as JsonObject
    const name = record['$output']
    if (typeof name === 'string') {
      const output = byName.get(name)
      if (!output)
        throw new LonghaulError(
          'permanent',
          `The result names the output ${name}, which was never written.`,
        )
      if (field !== undefined) fields.set(name, field)
      return describeOutput(output)
    }
    return Object.fromEntries(
      Object.entries(record).map(([key, item]) => [key, replace(item, field ?? key)]),
    )
  }
  const linked = replace(value, undefined)
  return {
    value: linked,
    outputs: pending.map((output) => {
      const field = fields.get(output.name)
      return field === undefined ? output : { ...output, field }
    }),
  }
}

/** The other way: what a stored result says of its outputs names them again. */
export function unlinkResult(value: Json, outputs: readonly JobOutput[]): Json {
  const byUri = new Map(outputs.map((output) => [output.uri, output]))
  const replace = (node: Json): Json => {
    if (node === null || typeof node !== 'object') return node
    if (Array.isArray(node)) return (node as readonly Json[]).map(replace)
    const record = node as JsonObject
    const { uri } = record
    const output = typeof uri === 'string' ? byUri.get(uri) : undefined
    if (output !== undefined && isDeepStrictEqual(record, describeOutput(output)))
      return { $output: output.name }
    return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, replace(item)]))
  }
  return replace(value)
}

export const describeOutput = (output: JobOutput): JsonObject => ({
  name: output.name,
  uri: output.uri,
  size_bytes: output.size,
  sha256: output.sha256,
  content_type: output.mediaType,
})

/** What of a published output is kept with the job. */
export function publishedOutput({
  uploadId: _uploadId,
  parts: _parts,
  ...output
}: PendingOutput): JobOutput {
  return output
}
