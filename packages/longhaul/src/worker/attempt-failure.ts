import { isLonghaulError, LonghaulError, toProblem } from '../errors/index.ts'
import type { Outcome } from '../jobs/engine.ts'
import { isDiskFull } from './patience.ts'

type Failed = Extract<Outcome, { kind: 'failed' }>

/** What trying again cannot mend: the job asks for something that is not there, or not allowed. */
const forGood = new Set([
  'invalid-input',
  'invalid-uri',
  'uri-refused',
  'object-not-found',
  'checksum-mismatch',
  'outbound-refused',
  'outbound-too-large',
  'permanent',
  'processor-changed',
])

/**
 * A failure around the author's code: staging, storage, the engine. One without a name of its own is `transient`; storage
 * that stayed away is not the author's failure.
 */
export function failureOf(error: unknown): Failed {
  if (isDiskFull(error)) {
    const full = new LonghaulError('insufficient-storage', 'The disk is full.', { cause: error })
    return { kind: 'failed', problem: toProblem(full), retry: 'policy' }
  }
  if (isLonghaulError(error)) {
    const retry =
      error.code === 'unavailable' ? 'lost' : forGood.has(error.code) ? 'never' : 'policy'
    return { kind: 'failed', problem: toProblem(error), retry }
  }
  const { code } = error as NodeJS.ErrnoException
  const detail = `The attempt could not be carried out${code ? ` (${code})` : ''}.`
  const problem = toProblem(new LonghaulError('transient', detail, { cause: error }))
  return { kind: 'failed', problem, retry: 'policy' }
}

/** An attempt that was stopped because it took too long, or because nothing was heard of it. */
export function overdue(reason: 'deadline' | 'silent', limitMs: number): Failed {
  const seconds = limitMs / 1000
  const error =
    reason === 'deadline'
      ? new LonghaulError(
          'timeout',
          `The attempt ran longer than its limit of ${seconds} s and was stopped.`,
        )
      : new LonghaulError(
          'silent',
          `Nothing was heard of the attempt for ${seconds} s; it was stopped.`,
        )
  return { kind: 'failed', problem: toProblem(error), retry: 'policy' }
}
