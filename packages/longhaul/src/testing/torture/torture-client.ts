import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { AcknowledgedLine } from './evidence.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface JobSeen {
  readonly job_id: string
  readonly status: string
  readonly attempt: number
  /** Also changes with a checkpoint. */
  readonly updated_at: string
}

/** Generous: a machine that runs much else besides is slow, and a client that gives up proves nothing. */
const answerMs = 10_000
const patienceMs = 180_000

/**
 * A client that never gives up, as a good one does: repeats what got no answer with the same idempotency key, and trusts
 * only what was acknowledged. What was, it writes down and syncs before anything else.
 */
export class TortureClient {
  readonly #urlOf: () => string | undefined
  readonly #random: SeededRandom
  readonly #journal: number

  /** @param urlOf any server that can be spoken to now. */
  constructor(urlOf: () => string | undefined, journal: string, random: SeededRandom) {
    this.#urlOf = urlOf
    this.#random = random
    this.#journal = openSync(journal, 'a', 0o600)
  }

  close(): void {
    closeSync(this.#journal)
  }

  async submit(
    processor: 'torture' | 'narrow',
    tag: string,
    task: string,
    input: { readonly steps: number },
  ): Promise<string> {
    const answer = await this.#insist(`submit ${tag}`, (url) =>
      send(`${url}/processors/${processor}/jobs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': tag },
        body: JSON.stringify({ input: { tag, task, ...input } }),
      }),
    )
    const { job_id: job } = (await answer.json()) as JobSeen
    const line: AcknowledgedLine = { job, tag, task, steps: input.steps }
    writeSync(this.#journal, JSON.stringify(line) + '\n')
    fsyncSync(this.#journal)
    return job
  }

  /** Uploads through signed parts; starts again from nothing when a step does not succeed. Answers the upload's id. */
  async upload(filename: string, bytes: Uint8Array): Promise<string> {
    return this.#insist(`upload ${filename}`, async (url) => {
      const started = await send(`${url}/uploads`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ filename, size_bytes: bytes.length }),
      })
      const upload = (await started.json()) as UploadStarted
      const { upload_id: id, part_size_bytes: size, part_urls: parts } = upload
      for (const { part_number: number, url: partUrl } of parts)
        await send(partUrl, {
          method: 'PUT',
          body: bytes.slice((number - 1) * size, number * size),
        })
      await send(`${url}/uploads/${id}/complete`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      return id
    })
  }

  /** Asks once; an answer is not needed. */
  async cancel(job: string): Promise<void> {
    const url = this.#urlOf()
    if (url)
      await send(`${url}/jobs/${job}/cancel`, { method: 'POST' }).catch(() => {
        // It had ended, or the server died: both are part of the game.
      })
  }

  async job(id: string): Promise<JobSeen> {
    const answer = await this.#insist(`job ${id}`, (url) => send(`${url}/jobs/${id}?view=native`))
    return (await answer.json()) as JobSeen
  }

  async #insist<T>(what: string, work: (url: string) => Promise<T>): Promise<T> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      const url = this.#urlOf()
      try {
        if (url) return await work(url)
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`${what} never succeeded`, { cause: error })
      }
      if (Date.now() > deadline) throw new Error(`${what}: no server to speak to`)
      await pause(this.#random.between(20, 120))
    }
  }
}

interface UploadStarted {
  readonly upload_id: string
  readonly part_size_bytes: number
  readonly part_urls: readonly { readonly part_number: number; readonly url: string }[]
}

/** Every status that is no success is an error here: whoever insists, tries again. */
async function send(url: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(answerMs) })
  if (answer.ok) return answer
  throw new Error(`${init.method ?? 'GET'} ${url}: ${answer.status} ${await answer.text()}`)
}
