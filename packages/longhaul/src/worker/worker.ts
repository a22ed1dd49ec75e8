import type { Claim, Settlement, Turnover, Want, WorkerInfo } from '../jobs/engine.ts'
import type { Runner } from '../runners/runner.ts'
import { Attempt } from './attempt.ts'
import { CancelWatch } from './cancel-watch.ts'
import { ClaimLoop } from './claim-loop.ts'
import { DiskWatch } from './disk-watch.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { growingPauseMs, pause, repeat } from './repeat.ts'
import type { WorkerParts } from './worker-parts.ts'

export type { WorkerParts }

export interface Worker {
  /** Attempts that run here now. */
  readonly running: number
  /** Why nothing is claimed at present. */
  readonly holding: WorkerInfo['holding']
  /** When the operator's order to drain has been carried out. */
  readonly drained: Promise<void>
  /** Resolves when no attempt that began with this runner is under way any more. */
  freeOf(runner: Runner): Promise<void>
  /**
   * Stops claiming. What runs finishes or keeps a checkpoint within the grace; then it is given back uncounted. Resolves when
   * nothing runs any more.
   */
  drain(graceMs?: number): Promise<void>
  /** Stops claiming, ends attempts at once and gives their jobs back uncounted. */
  stop(): Promise<void>
}

/** Claims and touches until stopped. A lease is touched each tenth of its length; jobs are asked for at least each sixth. */
export function createWorker(parts: WorkerParts): Worker {
  const { config, engine, runners, log } = parts
  const attempts = new Set<Attempt>()
  /** Those of them that have ended but for clearing up, and whose slot another has. */
  const leaving = new Set<Attempt>()
  const stopping = new AbortController()
  const ended = new AbortController()
  const drained = Promise.withResolvers<void>()
  const disk = new DiskWatch(config, parts.storage)
  let draining: 'asked' | 'ordered' | undefined

  const holding = (): WorkerInfo['holding'] =>
    draining !== undefined ? 'draining' : disk.isLow ? 'disk' : undefined
  const worker = (): WorkerInfo => {
    const held = holding()
    return {
      ...parts.worker,
      queues: [...new Set([...runners.values()].map(queueOf))],
      ...(held === undefined ? {} : { holding: held }),
    }
  }
  const keeper = new LeaseKeeper(parts, worker)
  const cancels = new CancelWatch(engine, attempts, log)
  // An attempt that speaks to the engine speaks of the worker as it is then, and hands its slot on when it ends.
  const attemptParts: WorkerParts = {
    ...parts,
    engine: { ...engine, settle },
    get worker() {
      return worker()
    },
  }
  const claims = new ClaimLoop(parts, {
    worker,
    wanted: () => queuesWithRoom(),
    free: (queue) => (ownPools().has(queue ?? '') ? Infinity : freeSlots()),
    mayClaim: async () => {
      await disk.look()
      return holding() === undefined
    },
    begin,
  })

  /** Queues of processors that only wait for others: what they have is limited by itself, and in nobody's way. */
  function ownPools(): ReadonlySet<string> {
    const own = [...runners.values()].filter(
      ({ description }) => description.operation ?? description.own_slots,
    )
    return new Set(own.map(queueOf))
  }

  function freeSlots(ending?: Attempt): number {
    const own = ownPools()
    const taken = [...attempts].filter(
      (attempt) => attempt !== ending && !leaving.has(attempt) && !own.has(attempt.job.queue),
    )
    return config.maxConcurrentJobs - taken.length
  }

  function begin(claim: Claim, since: number): void {
    const attempt = new Attempt(attemptParts, claim, runners.get(claim.job.processor))
    attempts.add(attempt)
    parts.logs?.follow(claim.lease)
    keeper.keep(attempt, since)
    if (draining !== undefined) attempt.drain() // its claim was under way
    if (stopping.signal.aborted) attempt.stop('drain')
    log.info(
      { job_id: claim.job.id, attempt: claim.lease.attempt, processor: claim.job.processor },
      'attempt started',
    )
    void attempt.done.then(() => {
      attempts.delete(attempt)
      leaving.delete(attempt)
      parts.logs?.forget(claim.lease)
      claims.request()
    })
  }

  function settle(items: readonly Settlement[]): Promise<Turnover['verdicts']> {
    const [item] = items
    const ending = [...attempts].find(({ lease }) => lease === item?.lease)
    // It keeps its slot while it publishes.
    if (ending === undefined || leaving.has(ending) || item?.outcome.kind === 'publishing')
      return engine.settle(items)
    return claims.handOn(
      items,
      () => queuesWithRoom(ending),
      (claim, since) => {
        leaving.add(ending)
        begin(claim, since)
      },
    )
  }

  /** `ending`: gives its slot up. */
  function queuesWithRoom(ending?: Attempt): Want[] {
    const staying = [...attempts].filter((attempt) => attempt !== ending && !leaving.has(attempt))
    const queues = new Map<string, number>()
    for (const runner of runners.values()) {
      if (runner.state().kind !== 'ready') continue
      const { name, concurrency = config.maxConcurrentJobs } = runner.description
      const queue = queueOf(runner)
      const busy = staying.filter((attempt) => attempt.job.processor === name).length
      queues.set(queue, (queues.get(queue) ?? 0) + Math.max(0, concurrency - busy))
    }
    // A slot that was none of the shared ones gives nobody one of those.
    if (ending !== undefined && freeSlots(ending) <= 0)
      for (const queue of queues.keys()) if (!ownPools().has(queue)) queues.delete(queue)
    return [...queues].filter(([, slots]) => slots > 0).map(([queue, slots]) => ({ queue, slots }))
  }

  /** Wake-ups end with the connection that brings them. What was missed meanwhile is asked for. */
  async function listen(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      try {
        for await (const wakeup of engine.wakeups(stopping.signal)) {
          failures = 0
          if (wakeup.kind === 'queued') claims.request({ queue: wakeup.queue })
          else if (wakeup.kind === 'changed') cancels.changed(wakeup.jobId)
        }
      } catch (error) {
        if (!stopping.signal.aborted)
          log.error({ err: error }, 'wake-ups ended; polling goes on until they are back')
      }
      await pause(growingPauseMs(failures, 100, 5000), stopping.signal)
      claims.request()
    }
  }

  async function heedOrders(): Promise<void> {
    const order = await engine.ordersFor(parts.worker.id)
    if (order === 'drain' && draining === undefined) {
      log.warn('the operator drains this worker')
      draining = 'ordered'
      await wind(config.drainGraceMs)
      drained.resolve()
    } else if (order === 'work' && draining === 'ordered' && attempts.size === 0) {
      draining = undefined
    }
  }

  /** Asks everything that runs to checkpoint, waits, and gives back what did not end by itself. */
  async function wind(graceMs: number): Promise<void> {
    void keeper.touch(true).catch(() => undefined) // others see why we claim nothing; the next touch tells it, too
    for (const attempt of attempts) attempt.drain()
    const over = AbortSignal.any([stopping.signal, ended.signal])
    await Promise.race([allDone(), pause(graceMs, over)])
    for (const attempt of attempts) attempt.stop('drain')
    // A database that is away must not hold the end up for ever: what it was not told, a sweep finds.
    await Promise.race([allDone(), pause(config.leaseMs * 0.8, over)])
  }

  /** Also those that begin meanwhile, in the place of one that ends. */
  async function allDone(): Promise<void> {
    while (attempts.size > 0) await Promise.all([...attempts].map((attempt) => attempt.done))
  }

  const fenceTimer = setInterval(() => keeper.fence(), Math.max(20, keeper.touchMs / 2))
  const untilStopped = { signal: stopping.signal, log }
  // Leases are held until the last attempt has drained.
  const loops = [
    repeat('touching', Math.min(1000, keeper.touchMs), () => keeper.touch(), {
      signal: ended.signal,
      log,
    }),
    repeat(
      'asking for work',
      config.leaseMs / 6,
      async () => {
        await disk.look() // also when every slot is taken: others are told with the next touch
        claims.request({ publications: true })
      },
      untilStopped,
    ),
    repeat('asking for orders', config.leaseMs / 6, heedOrders, untilStopped),
    listen(),
    ...(parts.logs ? [parts.logs.run(ended.signal)] : []),
  ]
  for (const runner of runners.values()) runner.onState(() => claims.request())

  return {
    get running() {
      return attempts.size - leaving.size
    },
    get holding() {
      return holding()
    },
    drained: drained.promise,
    async freeOf(runner) {
      const users = [...attempts].filter((attempt) => attempt.runsOn(runner))
      await Promise.all(users.map((attempt) => attempt.done))
    },
    async drain(graceMs = config.drainGraceMs) {
      draining = 'asked'
      await claims.stop() // what a round under way brings is drained with the rest
      await wind(graceMs)
    },
    async stop() {
      draining = 'asked'
      stopping.abort()
      await claims.stop()
      for (const attempt of attempts) attempt.stop('drain')
      await Promise.race([allDone(), pause(config.leaseMs * 0.8, ended.signal)])
      for (const attempt of attempts) attempt.stop('lost')
      await allDone()
      ended.abort()
      keeper.end()
      cancels.stop()
      clearInterval(fenceTimer)
      await Promise.allSettled(loops)
    },
  }
}

const queueOf = ({
  description: { name, queue = name },
}: {
  readonly description: { readonly name: string; readonly queue?: string }
}): string => queue
