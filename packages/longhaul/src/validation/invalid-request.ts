import type { FieldError, ValidationDetail } from '@longhaul/protocol'
import { LonghaulError } from '../errors/index.ts'

/** More would help nobody; the sentence says how many there are. */
const maxDetails = 100

/**
 * A 422. Each detail's `loc` starts with where it was found (`body`, `query`); the same reasons are said once more as JSON
 * pointers, for clients that do not know FastAPI's form.
 */
export function invalidRequest(all: readonly ValidationDetail[]): LonghaulError {
  const details = all.slice(0, maxDetails)
  const [first] = details
  const more = all.length > 1 ? `; and ${all.length - 1} more` : ''
  const sentence = first
    ? `${first.loc.join('.')}: ${first.msg}${more}`
    : 'The request is not valid'
  return new LonghaulError('invalid-request', sentence, {
    facts: { errors: details.map(toFieldError), details },
  })
}

function toFieldError({ loc: [place, ...path], msg }: ValidationDetail): FieldError {
  if (place === 'body') return { pointer: pointerOf(path), detail: msg }
  return { parameter: path.join('.'), detail: msg }
}

/** RFC 6901. */
export const pointerOf = (path: readonly (string | number)[]): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
