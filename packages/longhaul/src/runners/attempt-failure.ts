import type { ProblemCode } from '@longhaul/protocol'
import { LonghaulError, toProblem } from '../errors/index.ts'
import type { FromProcessor } from './messages.ts'
import type { RunOutcome } from './runner.ts'

type Failure = Omit<Extract<RunOutcome, { kind: 'failed' }>, 'usage'>
type ErrorMessage = Extract<FromProcessor, { type: 'error' }>

/** The processor said what went wrong; `problem`: what code of this process calls it. */
export function failureOfMessage(
  message: ErrorMessage & {
    readonly problem?: ProblemCode
    readonly facts?: Readonly<Record<string, unknown>>
  },
): Failure {
  const { code, problem = code, retry_after_ms: afterMs } = message
  const facts = {
    ...message.facts,
    ...(message.kind === undefined ? {} : { kind: message.kind }),
    ...(message.field === undefined ? {} : { field: message.field }),
    ...(message.errors === undefined ? {} : { errors: message.errors }),
  }
  const never = code === 'invalid-input' || code === 'permanent'
  return {
    kind: 'failed',
    problem: toProblem(new LonghaulError(problem, message.message, { facts })),
    retry: never ? 'never' : afterMs === undefined ? 'policy' : { afterMs },
  }
}

/** The process ended before it gave a result. */
export function failureOfExit(
  exit: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
  stderrTail: string,
): Failure {
  const facts = stderrTail === '' ? {} : { stderr_tail: stderrTail }
  if (/JavaScript heap out of memory/.test(stderrTail))
    return outOfMemory('The processor ran out of JavaScript heap.', facts)
  if (exit.signal !== null) {
    // Nobody's fault that we know of: a crash in native code, an operator, the kernel's own OOM killer.
    const detail = `The processor was ended by ${exit.signal}, which longhaul did not send.`
    return {
      kind: 'failed',
      problem: toProblem(new LonghaulError('worker-lost', detail, { facts })),
      retry: 'lost',
    }
  }
  const detail = `The processor ended with exit code ${exit.code} before it gave a result.`
  return {
    kind: 'failed',
    problem: toProblem(new LonghaulError('transient', detail, { facts })),
    retry: 'policy',
  }
}

export function outOfMemory(detail: string, facts: Record<string, unknown> = {}): Failure {
  return {
    kind: 'failed',
    problem: toProblem(new LonghaulError('out-of-memory', detail, { facts })),
    retry: 'policy',
  }
}

/** Ended by us, for what it and its children held. */
export function tooMuchMemory(heldBytes: number, limitBytes: number | undefined): Failure {
  const detail = `The attempt held ${heldBytes} bytes of memory; its limit is ${limitBytes}.`
  return outOfMemory(detail, { held_bytes: heldBytes, limit_bytes: limitBytes })
}
