import { readFileSync } from 'node:fs'
import type { Act } from '../act.ts'
import { hasEnded, type Night } from '../night.ts'

/** A job waits for a lock that nobody gives back. */
export async function hungJob(night: Night, job: string): Promise<Act> {
  const answer = await night.typeUntil(/without a sign of life/, 90_000, 'why', job)
  const log = await night.type('logs', job)
  const pid = Number(/in process (\d+)/.exec(log.text)?.[1])
  const ran = isRunning(pid)
  const asked = Date.now()
  await night.cure('cancel', job)
  const ended = await night.jobWhen(job, hasEnded, 15_000)
  const tookMs = Date.now() - asked
  return {
    title: 'A job hangs',
    trouble: 'stitch waits for a lock: no progress, no output, no CPU time, deaf to messages',
    question: `longhaul why ${job}`,
    answer: answer.text,
    cure: `longhaul cancel ${job}`,
    checks: [
      {
        says: 'why says how long it has been silent, and what it said last',
        holds: /without a sign of life for/.test(answer.text) && /slide 1 of 2/.test(answer.text),
      },
      {
        says: `it was cancelled within 15 s (${(tookMs / 1000).toFixed(1)} s)`,
        holds: ended.status === 'cancelled',
      },
      {
        says: `its process ${pid} is gone`,
        holds: ran && !isRunning(pid),
      },
    ],
  }
}

/** A zombie only waits for someone to ask how it ended. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
