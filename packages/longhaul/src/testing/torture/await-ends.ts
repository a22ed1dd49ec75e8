import { setTimeout as pause } from 'node:timers/promises'
import { readEvidence, type LedgerLine, type StallLine } from './evidence.ts'
import type { Finding } from './findings.ts'
import type { RunFolder } from './run-folder.ts'
import type { JobSeen, TortureClient } from './torture-client.ts'

const over = (job: JobSeen): boolean => ['completed', 'failed', 'cancelled'].includes(job.status)

/** What a healthy service on a busy machine may take beyond the rule. */
const graceMs = 2500

/**
 * Waits, with everything healthy again, until every job has ended. Reports jobs that never do, and jobs that the service
 * calls running for longer than a lease and a sweep although their attempt gives no sign of life.
 */
export async function awaitEnds(
  client: TortureClient,
  ids: readonly string[],
  folder: RunFolder,
  leaseMs: number,
  withinMs: number,
): Promise<readonly Finding[]> {
  const allowedMs = leaseMs + leaseMs / 6 + graceMs
  const findings = new Map<string, Finding>()
  const firstSeen = new Map<string, number>()
  const deadline = Date.now() + withinMs
  let open = [...ids]
  for (;;) {
    const jobs = await Promise.all(open.map((id) => client.job(id)))
    const now = Date.now()
    const alive = lastSigns(folder.ledger)
    const stalls = readEvidence<StallLine>(folder.stalls)
    for (const job of jobs.filter(({ status }) => status === 'running')) {
      const attempt = `${job.job_id}.${job.attempt}`
      if (!firstSeen.has(attempt)) firstSeen.set(attempt, now)
      const sign = Math.max(firstSeen.get(attempt) ?? now, alive.get(attempt) ?? 0)
      // Where a server's loop stood still, the machine is short of time, not the engine.
      if (now - sign > allowedMs + longestStall(stalls, sign))
        findings.set(attempt, {
          kind: 'late',
          what: `attempt ${job.attempt} of ${job.job_id} is called running, ${now - sign} ms after its last sign of life`,
        })
    }
    open = jobs.filter((job) => !over(job)).map((job) => job.job_id)
    if (open.length === 0) return [...findings.values()]
    if (now > deadline)
      return [
        ...findings.values(),
        ...jobs
          .filter((job) => !over(job))
          .map(({ job_id: id, status }): Finding => ({
            kind: 'lost',
            what: `${id} was acknowledged and is still ${status} after ${withinMs} ms of quiet`,
          })),
      ]
    await pause(200)
  }
}

const longestStall = (stalls: readonly StallLine[], since: number): number =>
  Math.max(0, ...stalls.filter(({ to }) => to > since).map(({ from, to }) => 2 * (to - from)))

function lastSigns(ledgerFile: string): ReadonlyMap<string, number> {
  return new Map(
    readEvidence<LedgerLine>(ledgerFile).map((line) => [`${line.job}.${line.attempt}`, line.at]),
  )
}
