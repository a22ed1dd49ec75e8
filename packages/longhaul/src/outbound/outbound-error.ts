import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import type { Patience } from './patience.ts'

/** It was allowed, and did not work. */
export const failed = (url: URL, why: string, cause?: unknown): LonghaulError =>
  new LonghaulError('outbound-failed', `${url.host} could not be reached: ${why}.`, { cause })

/** Whatever went wrong, as what the caller can name. A caller who gave up gets its own reason back. */
export function translated(error: unknown, url: URL, patience: Patience): unknown {
  if (isLonghaulError(error)) return error
  const why = patience.endedBy()
  if (why === 'caller') return error
  if (why !== undefined)
    return new LonghaulError('outbound-timeout', `${url.host} ${why}.`, { cause: error })
  const { code, message } = error as NodeJS.ErrnoException
  return failed(url, reasons[code ?? ''] ?? code ?? message, error)
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name could not be looked up',
  ECONNREFUSED: 'nobody answers at that port',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  HPE_HEADER_OVERFLOW: 'its headers are too large',
}
