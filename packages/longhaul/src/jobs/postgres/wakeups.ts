import { randomBytes } from 'node:crypto'
import type { PostgresDatabase, Sql } from '../../database/postgres/index.ts'
import type { Wakeup } from '../engine.ts'
import { WakeupListeners } from '../wakeup-listeners.ts'
import { clock } from './clock.ts'

const channel = 'longhaul'
/** NOTIFY takes 8,000 bytes at most. */
const maxPayloadBytes = 7_500
const maxPayloads = 20
const pollMs = 3_000

/** What is dropped last comes first. */
const topics = ['queues', 'jobs', 'progress'] as const
type Topic = (typeof topics)[number]

interface Payload {
  /** Who says it: a process has told its own listeners by itself. */
  readonly from: string
  readonly queues: readonly string[]
  readonly jobs: readonly string[]
  /** Jobs of which nothing but the progress is new. Not there where an earlier version says it. */
  readonly progress?: readonly string[]
}

/** Queues with jobs whose wait is over, or that could run; and in how many ms the next wait is over. */
export const queuesToWake = `SELECT DISTINCT queue, NULL::bigint AS next_in FROM
    (SELECT queue FROM job WHERE wake_at <= ${clock} LIMIT 1000) due
  UNION SELECT DISTINCT queue, NULL::bigint FROM lane WHERE ready > 0
  UNION ALL SELECT NULL, (SELECT min(wake_at) FROM job WHERE wake_at > ${clock}) - ${clock}`

/** Hints for those who wait: at once within the process, by NOTIFY to others, and by a look now and then for what was missed. */
export class Wakeups {
  readonly #database: PostgresDatabase
  readonly #self = randomBytes(6).toString('base64url')
  readonly #listeners = new WakeupListeners(
    () => this.#start(),
    () => this.#stop(),
  )
  #stopListening: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #polling = false

  constructor(database: PostgresDatabase) {
    this.#database = database
  }

  tell(wakeups: readonly Wakeup[]): void {
    for (const wakeup of wakeups) this.#listeners.tell(wakeup)
  }

  listen(signal: AbortSignal): AsyncIterable<Wakeup> {
    return this.#listeners.listen(signal)
  }

  /** The statement that tells the other processes, to be sent with the COMMIT. */
  notification(wakeups: readonly Wakeup[]): readonly Sql[] {
    const payloads = this.payloads(wakeups)
    if (payloads.length === 0) return []
    return [
      {
        text: `SELECT pg_notify('${channel}', p) FROM unnest($1::text[]) AS p`,
        values: [payloads],
      },
    ]
  }

  payloads(wakeups: readonly Wakeup[]): readonly string[] {
    const queues = new Set<string>()
    const jobs = new Set<string>()
    const progress = new Set<string>()
    for (const wakeup of wakeups)
      if (wakeup.kind === 'queued') queues.add(wakeup.queue)
      else if (wakeup.kind === 'changed') jobs.add(wakeup.jobId)
      else progress.add(wakeup.jobId)
    return payloadsOf(this.#self, { queues, jobs, progress })
  }

  #start(): void {
    this.#stopListening = this.#database.listen(channel, {
      onMessage: (text) => this.#hear(text),
      // What was said while nobody listened is looked for at once.
      onStart: () => void this.#poll(),
    })
    this.#pollIn(pollMs)
  }

  #stop(): void {
    this.#stopListening?.()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #hear(text: string): void {
    let payload: Payload
    try {
      payload = JSON.parse(text) as Payload
    } catch {
      return // somebody else's channel of the same name
    }
    if (payload.from === this.#self) return
    for (const queue of payload.queues) this.#listeners.tell({ kind: 'queued', queue })
    for (const jobId of payload.jobs) this.#listeners.tell({ kind: 'changed', jobId })
    for (const jobId of payload.progress ?? []) this.#listeners.tell({ kind: 'progressed', jobId })
  }

  /** Soon enough for the next wait that is over, and now and then for a worker that missed a hint. */
  #pollIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#poll(), Math.min(pollMs, Math.max(5, ms))).unref()
  }

  async #poll(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    let next = pollMs
    try {
      type Row = { readonly queue: string | null; readonly next_in: number | null }
      for (const row of await this.#database.query<Row>(queuesToWake)) {
        if (row.queue !== null) this.#listeners.tell({ kind: 'queued', queue: row.queue })
        else if (row.next_in !== null) next = row.next_in
      }
    } catch {
      // Only a hint, and the database may be away or closing: whoever waits asks again anyway.
    } finally {
      this.#polling = false
      if (this.#timer !== undefined) this.#pollIn(next)
    }
  }
}

/** As few messages as hold them; beyond a bound hints are dropped, as they may be. */
export function payloadsOf(
  from: string,
  names: Readonly<Record<Topic, Iterable<string>>>,
): readonly string[] {
  const nothing = (): Payload & Record<Topic, string[]> => ({
    ...{ from, queues: [], jobs: [], progress: [] },
  })
  const payloads: string[] = []
  let next = nothing()
  let bytes = 0
  const flush = (): void => {
    if (topics.some((topic) => next[topic].length > 0)) payloads.push(JSON.stringify(next))
    next = nothing()
    bytes = 64
  }
  const add = (topic: Topic, name: string): void => {
    const size = Buffer.byteLength(JSON.stringify(name)) + 1
    if (bytes + size > maxPayloadBytes) flush()
    if (size > maxPayloadBytes - 64) return
    next[topic].push(name)
    bytes += size
  }
  flush()
  for (const topic of topics) for (const name of names[topic]) add(topic, name)
  flush()
  return payloads.slice(0, maxPayloads)
}
