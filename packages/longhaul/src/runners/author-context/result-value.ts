import type { z } from 'zod'
import { isOutputFile, PermanentError, type OutputFile } from '../../processor/index.ts'
import type { Json } from '../../support/json.ts'

/** What run returned, found to be what the author declared. */
export interface CheckedResult {
  /** Files in it become `{ "$output": name }`. */
  toJson(): Json
  readonly files: ReadonlySet<OutputFile>
}

/** Throws a PermanentError that names the place: running again would return the same. */
export async function checkResult(
  value: unknown,
  schema: z.ZodType | undefined,
): Promise<CheckedResult> {
  const files = new Set<OutputFile>()
  inspectValue(value, 'the result', files, [])
  let checked = value
  if (schema) {
    const parsed = await schema.safeParseAsync(value)
    if (!parsed.success) {
      const faults = parsed.error.issues.map(
        (issue) => `${['result', ...issue.path].join('.')}: ${issue.message}`,
      )
      throw new PermanentError(`run returned something else than it declares: ${faults.join('; ')}`)
    }
    checked = parsed.data
  }
  return {
    files,
    toJson: () => JSON.parse(JSON.stringify(checked === undefined ? null : checked)) as Json,
  }
}

/** JSON would drop a function and make `{}` of a promise without a word. */
function inspectValue(
  value: unknown,
  where: string,
  files: Set<OutputFile>,
  above: readonly object[],
): void {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    throw new PermanentError(`${where} is a ${typeof value}, which JSON cannot hold.`)
  if (typeof value !== 'object' || value === null) return
  if (typeof (value as { then?: unknown }).then === 'function')
    throw new PermanentError(`${where} is a promise; did you forget "await"?`)
  if (isOutputFile(value)) {
    files.add(value)
    return
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    throw new PermanentError(
      `${where} is bytes; write them with outputs.write() and return what it gives.`,
    )
  if (value instanceof Map || value instanceof Set)
    throw new PermanentError(`${where} is a ${value.constructor.name}, which JSON cannot hold.`)
  if (above.includes(value)) throw new PermanentError(`${where} contains itself.`)
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return
  for (const [key, item] of Object.entries(value)) {
    inspectValue(item, where === 'the result' ? `result.${key}` : `${where}.${key}`, files, [
      ...above,
      value,
    ])
  }
}
