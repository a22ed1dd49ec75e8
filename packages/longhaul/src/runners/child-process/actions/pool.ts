import { LonghaulError } from '../../../errors/index.ts'
import type { ProcessorDescription } from '../../../processor/description.ts'
import type { ActionAnswer, ActionRequest, ActionRunner } from '../../action-runner.ts'
import { WarmPool } from '../../warm-pool.ts'
import type { WarmChild } from '../warm-child.ts'
import { Call } from './call.ts'
import { stoppedCall } from './failure.ts'

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
    const timeout = AbortSignal.timeout(request.timeoutMs)
    const stop = AbortSignal.any([request.signal, timeout])
    const reason = () => (timeout.aborted ? 'timeout' : stopping ? 'stopping' : 'gone')
    waiting++
    const child = await pool.acquire(stop).finally(() => waiting--)
    if (child === undefined) throw stoppedCall(reason(), request)
    if (stop.aborted || stopping) {
      pool.release(child, true)
      throw stoppedCall(reason(), request)
    }
    const began = performance.now()
    const onStop = () => one.stop(reason())
    const one: Call = new Call(child, description, request, (reusable) => {
      stop.removeEventListener('abort', onStop)
      running.delete(one)
      pace.note(performance.now() - began)
      pool.release(child, reusable)
    })
    running.add(one)
    stop.addEventListener('abort', onStop, { once: true })
    return one.answer
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
