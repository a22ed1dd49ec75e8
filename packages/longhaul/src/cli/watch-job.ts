import type { Client } from '@longhaul/client'
import type { JobView } from '@longhaul/protocol'
import { DeadlinePassed, Interrupted } from './exit-code.ts'
import { jobLine } from './format/job-line.ts'
import type { Output } from './output.ts'

/** Follows a job to its end with a line that moves; answers the finished job. */
export async function watchJob(
  client: Client,
  id: string,
  output: Output,
  signal: AbortSignal,
): Promise<JobView> {
  let job: JobView | undefined
  const draw = (): void => {
    if (job !== undefined) output.live(jobLine(job, Date.now()))
  }
  // Times move on even while the service says nothing.
  const ticking = setInterval(draw, 1000)
  try {
    for await (const update of client.follow(id, { signal })) {
      job = update.job
      if (update.event !== undefined) output.object('event', update.event)
      if (update.progress !== undefined) output.object('progress', update.progress)
      draw()
    }
  } finally {
    clearInterval(ticking)
    output.settle()
  }
  if (job === undefined) throw new Error(`Nothing was heard of job ${id}`)
  return job
}

/** How a job ended, as its last line and its last object. */
export function reportEnd(job: JobView, output: Output): void {
  output.say(`  ${jobLine(job, Date.now())}`)
  output.object('job', job)
}

/** The same for a job that goes on without us: who leaves is told so, and how to come back. */
export async function watchDetached(
  ...[client, id, output, signal]: Parameters<typeof watchJob>
): Promise<JobView> {
  const ways = `longhaul watch ${id} · longhaul cancel ${id}`
  try {
    const job = await watchJob(client, id, output, signal)
    reportEnd(job, output)
    return job
  } catch (error) {
    if (error instanceof Interrupted) throw new Interrupted(`Detached, work goes on.  ${ways}`)
    if (error instanceof DeadlinePassed) {
      throw new DeadlinePassed(`The deadline has passed, work goes on.  ${ways}`)
    }
    throw error
  }
}
