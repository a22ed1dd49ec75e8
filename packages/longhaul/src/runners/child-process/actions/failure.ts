import type { ProblemCode } from '@longhaul/protocol'
import { LonghaulError } from '../../../errors/index.ts'
import type { ActionStatus } from '../../../processor/index.ts'
import type { ActionRequest } from '../../action-runner.ts'
import { failureOfMessage } from '../../attempt-failure.ts'
import type { FromProcessor } from '../../messages.ts'

export type CallStop = 'timeout' | 'gone' | 'stopping'

/** What an author's status is called. */
const codes: Readonly<Record<ActionStatus, ProblemCode>> = {
  400: 'bad-request',
  403: 'forbidden',
  404: 'not-found',
  409: 'action-conflict',
  413: 'body-too-large',
  415: 'unsupported-media-type',
  422: 'invalid-input',
  429: 'too-many-requests',
  500: 'action-failed',
  502: 'outbound-failed',
  503: 'unavailable',
  504: 'action-timeout',
}

/** What the author's code threw, as the answer of the call. */
export function failureOfCall(message: Extract<FromProcessor, { type: 'error' }>): LonghaulError {
  const { status, code, errors, retry_after_ms: afterMs } = message
  // Of the path: clients of system B know it as an error of its own.
  if (status === 400 && code === 'invalid-input')
    return new LonghaulError('invalid-path', message.message)
  if (status !== undefined)
    return new LonghaulError(codes[status as ActionStatus] ?? 'action-failed', message.message)
  if (code === 'invalid-input') {
    const { field } = failureOfMessage(message).problem
    return new LonghaulError(code, message.message, { facts: { field, errors } })
  }
  if (afterMs !== undefined)
    return new LonghaulError('unavailable', message.message, {
      facts: { retry_after_seconds: Math.ceil(afterMs / 1000) },
    })
  return new LonghaulError('action-failed', message.message)
}

export function stoppedCall(reason: CallStop, { action, timeoutMs }: ActionRequest): LonghaulError {
  if (reason === 'timeout')
    return new LonghaulError(
      'action-timeout',
      `${action} took longer than ${timeoutMs / 1000} s and was stopped.`,
    )
  if (reason === 'stopping')
    return new LonghaulError('unavailable', `The service stops; ${action} was not done.`)
  return new LonghaulError('cancelled', `Nobody waits for the answer of ${action} any more.`)
}
