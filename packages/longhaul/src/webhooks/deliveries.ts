import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database, Write } from '../database/database.ts'
import { isLonghaulError } from '../errors/index.ts'
import type { JobEngine } from '../jobs/engine.ts'
import type { Activity } from '../support/activity.ts'
import { callbackBody } from './callback-body.ts'
import type { CallbackRow, WaitingRow } from './callback-statements.ts'
import { nextStep, type TryResult } from './next-step.ts'
import { sendCallback, type SendCallback } from './send-callback.ts'

export interface DeliveryParts extends SendCallback {
  readonly database: Database
  readonly engine: Pick<JobEngine, 'get'>
  /** What is said of a batch that has ended; empty of one that goes on. */
  readonly batchBody: (id: string) => Promise<string>
  readonly log: Logger
  readonly activity: Activity
  readonly maxTries: number
  /** How often it looks for what is due while anything is going on. @default 1 s */
  readonly pollMs?: number
}

/** At once in this process, and of these to one receiver: who is slow keeps only its own callbacks waiting. */
const slots = 16
const slotsPerOrigin = 4
/** Longer than any try: a process that dies over one leaves it to the others after that long. */
const leaseMs = 60_000

/** Sends what the outbox holds until it is stopped. Any number of processes may do so on one database. */
export function startDeliveries(parts: DeliveryParts): { stop(): Promise<void> } {
  const { log, pollMs = 1000 } = parts
  const stopping = new AbortController()
  const { signal } = stopping
  const running = new Map<Promise<void>, string>()

  const busyOrigins = (): string[] => {
    const origins = [...running.values()]
    return [...new Set(origins)].filter(
      (origin) => origins.filter((other) => other === origin).length >= slotsPerOrigin,
    )
  }
  /** Whether there may be more to do at once. */
  const startOne = async (): Promise<boolean> => {
    if (running.size >= slots) return false
    const row = await claim(parts, busyOrigins())
    if (row === 'none') return false
    if (row === 'taken') return true
    const work = deliver(parts, row, signal)
      .catch((error: unknown) => log.error({ err: error, ...whoseOf(row) }, 'callback failed'))
      .finally(() => running.delete(work))
    running.set(work, row.origin)
    return true
  }
  const rest = async (): Promise<void> => {
    const woken = new AbortController()
    const pause = parts.activity.rest(pollMs, AbortSignal.any([signal, woken.signal]))
    await Promise.race([pause, ...running.keys()])
    woken.abort()
  }
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      const more = await startOne().catch((error: unknown) => {
        log.error({ err: error }, 'looking for callbacks failed, trying again')
        return false
      })
      if (!more) await rest()
    }
    await Promise.all(running.keys())
  }
  const looping = loop()
  return {
    async stop() {
      stopping.abort()
      await looping
    },
  }
}

type Claimed = CallbackRow & { readonly lease: string }

async function claim(
  parts: DeliveryParts,
  busy: readonly string[],
): Promise<Claimed | 'none' | 'taken'> {
  const { database, activity } = parts
  const waiting = await database.read<WaitingRow>('callback.waiting', [JSON.stringify(busy)])
  // One whose time comes is worth looking for, whatever else is going on.
  if (waiting.length > 0) activity.note()
  const due = waiting.filter((row) => Boolean(row.is_due))
  // Several processes look at the same rows; not all should want the first.
  const row = due[Math.floor(Math.random() * due.length)]
  if (row === undefined) return 'none'
  const body = row.body || (await bodyOf(parts, row))
  const lease = randomUUID()
  const params = [lease, leaseMs, body, row.id, row.tries]
  try {
    await database.write([{ statement: 'callback.claim', params, expectRows: 1 }])
    return { ...row, body, lease, tries: row.tries + 1 }
  } catch (error) {
    if (isLonghaulError(error, 'write-conflict')) return 'taken'
    throw error
  }
}

/** Empty when the job has gone on since: its next end will be told. */
async function bodyOf({ engine, batchBody }: DeliveryParts, row: CallbackRow): Promise<string> {
  if (row.batch_id !== null) return batchBody(row.batch_id)
  const [job] = await engine.get([row.job_id ?? ''], 'everyone')
  return job?.eventNo === row.event_no ? callbackBody(job) : ''
}

async function deliver(parts: DeliveryParts, row: Claimed, signal: AbortSignal): Promise<void> {
  const { database, log, maxTries } = parts
  const fence = [row.id, row.lease] as const
  try {
    const result = row.body === '' ? goneOn : await sendCallback(parts, row, row.body, signal)
    const step = nextStep(result, row.tries, maxTries)
    const { status, durationMs, error } = result
    const ending: Write =
      step.kind === 'again'
        ? { statement: 'callback.again', params: [step.afterMs, ...fence] }
        : { statement: `callback.${step.kind}`, params: fence }
    const tried = { statement: 'callback.tried', params: [status, durationMs, error, ...fence] }
    await database.write([tried, ending])
    // Without the URL itself, which may hold a secret.
    const said = { ...whoseOf(row), origin: row.origin, tries: row.tries, status, error }
    if (step.kind === 'dead') log.warn(said, 'callback given up')
    else log.info(said, step.kind === 'delivered' ? 'callback delivered' : 'callback failed')
  } catch (error) {
    // With anything unforeseen the lease runs out first: a fault must not become a flood.
    if (!signal.aborted) throw error
    await database.write([{ statement: 'callback.release', params: fence }])
  }
}

const whoseOf = ({ job_id, batch_id }: CallbackRow) =>
  batch_id === null ? { job_id } : { batch_id }

const goneOn: TryResult = {
  status: null,
  error: 'It was retried before this was sent; its next end is told instead.',
  durationMs: 0,
  final: true,
}
