import { Worker } from 'node:worker_threads'
import type { AnalyseOptions } from '../analyse-roi.ts'
import type { Answer, Task } from './analysis-worker.ts'
import type { RoiOutcome } from './roi-source.ts'

interface Waiting {
  readonly task: Task
  readonly resolve: (outcome: RoiOutcome) => void
  readonly reject: (error: unknown) => void
}

/** A task that waits or is under way. */
export interface Run {
  /** Rejects when the threads are broken or stopped. */
  readonly outcome: Promise<RoiOutcome>
  /** Takes it back, unless a thread has it already. */
  readonly forget: () => void
}

/** Masks and tables live for one image; a larger nursery would only let more of them lie around. */
const youngMB = 8

/** A few threads and a queue before them. */
export interface Threads {
  run(task: Omit<Task, 'id'>): Run
  stop(): Promise<void>
}

export function startThreads(count: number, options: AnalyseOptions): Threads {
  const queue: Waiting[] = []
  const underWay = new Map<number, Waiting & { worker: Worker }>()
  const idle: Worker[] = []
  let ids = 0
  let broken: { readonly error: unknown } | undefined

  const giveOut = () => {
    for (let worker = idle.pop(); worker; worker = idle.pop()) {
      const next = queue.shift()
      if (!next) {
        idle.push(worker)
        return
      }
      underWay.set(next.task.id, { ...next, worker })
      worker.postMessage(next.task)
    }
  }
  const breakDown = (error: unknown) => {
    broken ??= { error }
    for (const { reject } of [...underWay.values(), ...queue.splice(0)]) reject(broken.error)
    underWay.clear()
  }
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(new URL('./analysis-worker.ts', import.meta.url), {
      workerData: options,
      resourceLimits: { maxYoungGenerationSizeMb: youngMB },
    })
    worker.on('message', (answer: Answer) => {
      const done = underWay.get(answer.id)
      underWay.delete(answer.id)
      idle.push(worker)
      giveOut()
      if ('error' in answer) done?.reject(answer.error)
      else done?.resolve(answer.outcome)
    })
    worker.on('error', breakDown)
    worker.on('exit', (code) => breakDown(new Error(`a thread of the pool ended with ${code}`)))
    idle.push(worker)
    return worker
  })

  return {
    run(task) {
      const { promise, resolve, reject } = Promise.withResolvers<RoiOutcome>()
      promise.catch(() => {}) // whoever left early does not wait for it
      if (broken) reject(broken.error)
      const waiting = { task: { ...task, id: ids++ }, resolve, reject }
      if (!broken) queue.push(waiting)
      giveOut()
      return {
        outcome: promise,
        forget() {
          const at = queue.indexOf(waiting)
          if (at >= 0) queue.splice(at, 1)
        },
      }
    },
    async stop() {
      breakDown(new Error('the pool has been stopped'))
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
