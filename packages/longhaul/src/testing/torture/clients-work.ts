import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { SeededRandom } from './seeded-random.ts'
import type { TortureClient } from './torture-client.ts'
import { inputBytes, tasks, type Task } from './work.ts'

export interface WorkOptions {
  readonly jobs: number
  /** Short jobs, all at once: servers claim as often and as much at the same time as they can. */
  readonly hurry: boolean
}

/** What clients do in a run: upload an input, submit jobs of every kind over some seconds, cancel a few. Answers the ids. */
export async function clientsWork(
  client: TortureClient,
  random: SeededRandom,
  seed: number,
  { jobs, hurry }: WorkOptions,
): Promise<readonly string[]> {
  const bytes = inputBytes(seed, random.between(1, 200_000))
  const source = { upload_id: await client.upload(`input-${seed}.bin`, bytes) }
  const sourceSha256 = createHash('sha256').update(bytes).digest('hex')
  const cancels: Promise<void>[] = []
  const submitted: Promise<string>[] = []
  for (let n = 0; n < jobs; n++) {
    const isNarrow = hurry || n % 8 === 3
    // Most of the jobs publish files or save checkpoints: that is where most fault points lie.
    const task: Task = isNarrow
      ? 'value'
      : n % 2 === 0
        ? 'files'
        : n % 4 === 1
          ? 'steps'
          : random.pick(tasks)
    const files = task === 'files' ? { source, sourceSha256 } : {}
    const ms = random.between(50, hurry ? 200 : 1200)
    const input = { ...files, ms, steps: random.between(0, 80) }
    const one = client.submit(isNarrow ? 'narrow' : 'torture', `${seed}-${n}`, task, input)
    one.catch(() => undefined) // thrown by Promise.all below, which may still be seconds away
    submitted.push(one)
    if (random.chance(0.1)) cancels.push(cancelLater(client, one, random.between(0, 1000)))
    await pause(hurry ? 0 : random.between(0, 300))
  }
  const ids = await Promise.all(submitted)
  await Promise.all(cancels)
  return ids
}

async function cancelLater(client: TortureClient, job: Promise<string>, ms: number) {
  const id = await job
  await pause(ms)
  await client.cancel(id)
}
