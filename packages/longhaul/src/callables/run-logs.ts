import type { Services } from '../app/services.ts'
import { attemptLines, publicProblem } from '../jobs/index.ts'
import type { Job } from '../jobs/job.ts'
import { hideMachinePaths } from '../support/machine-paths.ts'

const chunkLength = 64 * 1024

/** What the last attempt wrote to one of its streams; on stderr also how it failed. */
export async function* runLog(
  services: Pick<Services, 'config' | 'storage'>,
  job: Job,
  from: 'stdout' | 'stderr',
): AsyncGenerator<string> {
  let chunk = ''
  if (job.attempt > 0)
    for await (const line of await attemptLines(services, job.id, job.attempt)) {
      if (line.from !== from && !(from === 'stderr' && isTrace(line))) continue
      chunk += line.cut ? line.text : `${line.text}\n`
      if (chunk.length < chunkLength) continue
      yield chunk
      chunk = ''
    }
  if (from === 'stderr' && job.state === 'failed' && job.problem !== undefined)
    chunk += `Error: ${hideMachinePaths(publicProblem(job.problem).detail)}\n`
  if (chunk !== '') yield chunk
}

/** The log keeps an exception's trace, and whatever else was logged as an error, apart from what was printed. */
const isTrace = ({ from, level }: { readonly from: string; readonly level?: string }): boolean =>
  from === 'log' && level === 'error'
