import type { Logger } from 'pino'
import type { JobEngine } from '../jobs/engine.ts'
import { reapOrphans } from '../runners/index.ts'
import { isWorkerAlive } from '../worker/index.ts'

/** Workers of this host that died without a word: their jobs move on now, and what they left running ends. */
export async function takeOver(
  { engine, log }: { readonly engine: JobEngine; readonly log: Logger },
  {
    host,
    dataDir,
    oneMachine,
  }: { readonly host: string; readonly dataDir: string; readonly oneMachine: boolean },
): Promise<void> {
  const moved = await engine.forgetDeadWorkers(host, (worker) =>
    isWorkerAlive(worker, { oneMachine }),
  )
  if (moved.requeued.length + moved.failed.length + moved.publishing.length > 0)
    log.warn({ ...moved }, 'an earlier worker died')
  await reapOrphans(dataDir, async (attemptId) => {
    const [jobId = '', attempt] = attemptId.split('.')
    const [job] = await engine.get([jobId], 'everyone')
    return job?.state === 'running' && job.attempt === Number(attempt)
  })
}
