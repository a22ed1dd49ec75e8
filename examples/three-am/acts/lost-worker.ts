import type { Act } from '../act.ts'
import type { Night } from '../night.ts'

/** The process of a worker is killed while it runs a job. */
export async function lostWorker(night: Night, job: string): Promise<Act> {
  await night.jobWhen(job, ({ status }) => status === 'running')
  const { pid } = night.program('segment')
  await night.program('segment').kill()
  const answer = await night.typeUntil(/worker \S+ was last heard of/, 20_000, 'status')
  if (night.cures) await night.startWorker('segment', 'segment.ts')
  const ended = await night.jobWhen(job, ({ status }) => status === 'completed')
  const after = await night.type('status')
  return {
    title: 'A worker dies',
    trouble: `kill -9 of the worker (pid ${pid}) that ran ${job}`,
    question: 'longhaul status',
    answer: answer.text,
    cure: 'longhaul worker segment.ts',
    checks: [
      { says: 'status names the worker that died', holds: answer.text.includes(`:${pid}:`) },
      {
        says: 'its job completed in a second attempt, and the first counts as lost, not as failed',
        holds: ended.status === 'completed' && ended.attempt === 2 && ended.lost === 1,
      },
      { says: 'status has forgotten the dead worker', holds: !after.text.includes(`:${pid}:`) },
    ],
  }
}
