import { queueChange, queueList, queueView } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { nearest } from '../support/nearest.ts'
import { invalidRequest, laxInteger } from '../validation/index.ts'
import type { QueueChange, QueueView } from './engine.ts'
import { iso, nativeQueue } from './projections/index.ts'
import { sendWithEtag } from './routes-etag.ts'

const daySeconds = 24 * 60 * 60
const query = z.object({
  /** How far back to look for what has finished. */
  history_seconds: laxInteger(
    z
      .int()
      .min(1)
      .max(366 * daySeconds)
      .default(daySeconds),
  ),
})

/** What waits, what runs, and how it went; and the operator's hand on it. */
export const queueRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { engine } = services

  app.get(
    '/queues',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operator'],
        summary: 'Every queue: what waits and runs, its limits, and how long jobs waited and ran',
        querystring: query,
        response: { 200: queueList },
      },
    },
    async (request, reply) => {
      const { history_seconds } = request.query
      const [queues, now] = await Promise.all([queuesOf(services), engine.now()])
      const history = await engine.history(now - history_seconds * 1000)
      const past = new Map(history.map((one) => [one.queue, one]))
      return sendWithEtag(request, reply, {
        queues: queues.map((queue) => nativeQueue(queue, past.get(queue.queue))),
        history_seconds,
        now: iso(now),
      })
    },
  )

  app.patch(
    '/queues/:queue',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['operator'],
        summary: 'Pause, resume or limit a queue, or the share of one owner in it',
        params: z.object({ queue: z.string() }),
        body: queueChange,
        response: { 200: queueView },
      },
    },
    async (request) => {
      const { queue } = request.params
      const { paused, max_running, rate_per_minute, owner } = request.body
      if (owner !== undefined && (paused !== undefined || rate_per_minute !== undefined))
        throw refuse('owner', 'An owner has max_running only; pause and rate are of the queue')
      if (paused === undefined && max_running === undefined && rate_per_minute === undefined)
        throw refuse('paused', 'Say what to change: paused, max_running or rate_per_minute')
      await findQueue(services, queue)
      const change: QueueChange = {
        ...(paused === undefined ? {} : { paused }),
        ...(max_running === undefined ? {} : { maxRunning: max_running }),
        ...(rate_per_minute === undefined ? {} : { ratePerMinute: rate_per_minute }),
        ...(owner === undefined ? {} : { owner }),
      }
      await engine.setQueue(queue, change)
      request.log.info({ queue, ...change, by: request.owner }, 'queue changed')
      return nativeQueue(await findQueue(services, queue), undefined)
    },
  )
}

/** Those that have seen a job, and those that a processor here will claim from. */
async function queuesOf({ engine, runners }: Services): Promise<readonly QueueView[]> {
  const seen = await engine.queues()
  const names = new Set(seen.map(({ queue }) => queue))
  const served = [...runners.values()].map(({ description: { name, queue = name } }) => queue)
  const unused = [...new Set(served)].filter((queue) => !names.has(queue))
  return [...seen, ...unused.map(emptyQueue)].sort((a, b) => (a.queue < b.queue ? -1 : 1))
}

const emptyQueue = (queue: string): QueueView => ({
  queue,
  queued: 0,
  running: 0,
  retryWait: 0,
  paused: false,
  owners: [],
})

/** A slip of the pen must not make a queue that nobody serves. */
async function findQueue(services: Services, name: string): Promise<QueueView> {
  const queues = await queuesOf(services)
  const found = queues.find(({ queue }) => queue === name)
  if (found !== undefined) return found
  const names = queues.map(({ queue }) => queue)
  const close = nearest(name, names)
  throw new LonghaulError(
    'queue-not-found',
    close === undefined
      ? `There is no queue ${name}; there is ${names.join(', ') || 'none yet'}.`
      : `There is no queue ${name}; did you mean ${close}?`,
    { facts: { queues: names } },
  )
}

const refuse = (field: string, msg: string): LonghaulError =>
  invalidRequest([{ type: 'value_error', loc: ['body', field], msg }])
