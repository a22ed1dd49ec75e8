import type { ErrorObject } from 'ajv'
import type { ValidationDetail } from '@longhaul/protocol'

type Path = readonly (string | number)[]

/** One finding of ajv in the words of zod-details.ts. */
export function detailOfSchemaError(
  error: ErrorObject,
  input: unknown,
  place: Path,
): ValidationDetail {
  const path = pathOf(error.instancePath)
  const params = error.params as Record<string, unknown>
  const at = (...more: Path): (string | number)[] => [...place, ...path, ...more]
  switch (error.keyword) {
    case 'required':
      return { type: 'missing', loc: at(String(params['missingProperty'])), msg: 'Field required' }
    case 'additionalProperties': {
      const loc = at(String(params['additionalProperty']))
      return { type: 'extra_forbidden', loc, msg: 'There is no such field' }
    }
    case 'type':
      return {
        type: `${String(params['type'])}_type`,
        loc: at(),
        msg: `Input should be of type ${String(params['type'])}`,
        ...inputAt(input, path),
      }
    case 'enum': {
      const msg = `Input should be one of ${JSON.stringify(params['allowedValues'])}`
      return { type: 'enum', loc: at(), msg, ...inputAt(input, path), ctx: params }
    }
    default: {
      const msg = `Input ${error.message ?? 'is not valid'}`
      return { type: error.keyword, loc: at(), msg, ...inputAt(input, path), ctx: params }
    }
  }
}

const pathOf = (pointer: string): Path =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((key) => (/^\d+$/.test(key) ? Number(key) : key))

/** Said back only where it is short enough to help. */
function inputAt(input: unknown, path: Path): { input?: unknown } {
  let value = input
  for (const key of path) value = (value as Record<string | number, unknown> | null)?.[key]
  if (typeof value === 'object' && value !== null) return {}
  return typeof value === 'string' && value.length > 200 ? {} : { input: value }
}
