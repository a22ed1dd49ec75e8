import { catalogue, type Problem } from '@longhaul/protocol'
import { isLonghaulError } from './longhaul-error.ts'

/** Any thrown value as an RFC 9457 problem; an unknown one says nothing about its insides. */
export function toProblem(error: unknown, instance?: string): Problem {
  const known = isLonghaulError(error)
  const code = known ? error.code : 'internal'
  const detail = known
    ? error.message
    : 'longhaul met an error it has no name for; the service log has it in full under this request id.'
  const { status, title } = catalogue[code]
  return {
    ...(known ? error.facts : {}), // facts first: they cannot overwrite the rest
    type: `/problems/${code}`,
    title,
    status,
    detail,
    code,
    ...(instance === undefined ? {} : { instance }),
  }
}
