import { LonghaulError } from '../../../errors/index.ts'
import type { ProcessorDescription } from '../../../processor/description.ts'
import type { ActionAnswer, ActionRequest, ActionRunner } from '../../action-runner.ts'
import { WarmPool } from '../../warm-pool.ts'
import type { WarmChild } from '../warm-child.ts'
import { Call } from './call.ts'
import { stoppedCall, type CallStop } from './failure.ts'

export interface ActionLimits {
  /** Calls at once, each on a process of its own. */
  readonly slots: number
  /** How many more may wait. */
  readonly waiting: number
}

/** Warm children that answer the actions of one processor. */
export function actionPool(
  description: ProcessorDescription,
  limits: ActionLimits,
  start: () => WarmChild,
): ActionRunner {
  const pool = new WarmPool(limits.slots, start)
  const pace = new Pace()
  const running = new Set<Call>()
  let waiting = 0
  let stopping = false

  const call = async (request: ActionRequest): Promise<ActionAnswer> => {
    if (waiting >= limits.waiting && running.size >= limits.slots)
      throw busy(description.name, waiting, pace.secondsFor(waiting + 1, limits.slots))
    const stop = new AbortController()
    let reason: CallStop = 'stopping'
    let one: Call | undefined
    const end = (why: CallStop): void => {
      reason = why
      stop.abort()
      one?.stop(why)
    }
    const onGone = () => end('gone')
    const timer = setTimeout(() => end('timeout'), request.timeoutMs)
    request.signal.addEventListener('abort', onGone)
    const over = (): void => {
      clearTimeout(timer)
      request.signal.removeEventListener('abort', onGone)
    }
    if (request.signal.aborted) onGone()
    waiting++
    const child = await pool.acquire(stop.signal).finally(() => waiting--)
    if (child !== undefined && (stop.signal.aborted || stopping)) pool.release(child, true)
    if (child === undefined || stop.signal.aborted || stopping) {
      over()
      throw stoppedCall(reason, request)
    }
    const began = performance.now()
    const called = new Call(child, description, request, (reusable) => {
      over()
      running.delete(called)
      pace.note(performance.now() - began)
      pool.release(child, reusable)
    })
    running.add((one = called))
    return called.answer
  }

  return {
    state: () => pool.state,
    onState: (listener) => pool.onState(listener),
    call,
    load: () => ({ running: running.size, waiting }),
    stop: async () => {
      stopping = true
      for (const one of running) one.stop('stopping')
      await pool.stop()
    },
  }
}

function busy(name: string, waiting: number, seconds: number): LonghaulError {
  return new LonghaulError(
    'action-busy',
    `${name} answers as many calls as it can, and ${waiting} more wait; ask again in ${seconds} s.`,
    { facts: { retry_after_seconds: seconds } },
  )
}

/** How long a call takes here, the last ones counting most. */
class Pace {
  #meanMs = 100

  note(ms: number): void {
    this.#meanMs += (ms - this.#meanMs) / 8
  }

  secondsFor(calls: number, slots: number): number {
    return Math.min(60, Math.max(1, Math.ceil((calls * this.#meanMs) / slots / 1000)))
  }
}
