import { isServiceError, type Client } from '@longhaul/client'
import { isFinished } from '@longhaul/protocol'
import { setTimeout as pause } from 'node:timers/promises'
import type { Output } from './output.ts'

/** Prints what attempts write while they write it, until the job has ended; attempts follow each other. */
export async function followLog(
  client: Client,
  id: string,
  output: Output,
  write: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let attempt = 0
  let printed = 0
  for (;;) {
    // The state comes first: what is written between it and the log is not missed.
    const job = await client.job(id)
    if (job.attempt !== attempt) {
      if (attempt > 0) {
        await printRest()
        output.say(`  attempt ${job.attempt}`)
      }
      attempt = job.attempt
      printed = 0
    }
    if (attempt > 0) await printRest()
    if (isFinished(job.status)) return
    await pause(500, undefined, { signal }).catch(() => signal.throwIfAborted())
  }

  async function printRest(): Promise<void> {
    try {
      for await (const bytes of client.logs(id, { attempt, fromByte: printed, signal })) {
        printed += bytes.length
        await write(bytes)
      }
    } catch (error) {
      // Nothing written yet, or nothing new.
      if (!isServiceError(error, 'range-not-satisfiable') && !isServiceError(error, 'not-found'))
        throw error
    }
  }
}
