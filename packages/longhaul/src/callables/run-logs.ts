import type { Services } from '../app/services.ts'
import { attemptLines, publicProblem } from '../jobs/index.ts'
import type { Job } from '../jobs/job.ts'

type Parts = Pick<Services, 'config' | 'storage'>
type Stream = 'stdout' | 'stderr'
type Text = string | AsyncIterable<string>

/** A log that is longer is not held, but read once for each of the two. */
const longestHeld = 1024 * 1024
const chunkLength = 64 * 1024

/** What the last attempt wrote to its streams; on stderr also how it failed. */
export async function runLogs(parts: Parts, job: Job): Promise<Readonly<Record<Stream, Text>>> {
  const held = { stdout: '', stderr: '' }
  for await (const { to, text } of linesOf(parts, job)) {
    held[to] += text
    if (held.stdout.length + held.stderr.length > longestHeld)
      return { stdout: streamOf(parts, job, 'stdout'), stderr: streamOf(parts, job, 'stderr') }
  }
  return held
}

async function* streamOf(parts: Parts, job: Job, wanted: Stream): AsyncGenerator<string> {
  let chunk = ''
  for await (const { to, text } of linesOf(parts, job)) {
    if (to !== wanted) continue
    chunk += text
    if (chunk.length < chunkLength) continue
    yield chunk
    chunk = ''
  }
  yield chunk
}

async function* linesOf(
  parts: Parts,
  { id, attempt, state, problem }: Job,
): AsyncGenerator<{ readonly to: Stream; readonly text: string }> {
  if (attempt > 0)
    for await (const { from, level, text, cut } of await attemptLines(parts, id, attempt)) {
      const line = cut ? text : `${text}\n`
      if (from === 'stdout' || from === 'stderr') yield { to: from, text: line }
      // Where the log keeps the trace of an exception.
      else if (from === 'log' && level === 'error') yield { to: 'stderr', text: line }
    }
  if (state === 'failed' && problem !== undefined)
    yield { to: 'stderr', text: `Error: ${publicProblem(problem).detail}\n` }
}
