import { setTimeout as pause } from 'node:timers/promises'
import { readEvidence, type LedgerLine, type StallLine } from './evidence.ts'
import type { Finding } from './findings.ts'
import type { RunFolder } from './run-folder.ts'
import { Standstill } from './standstill.ts'
import type { JobSeen, TortureClient } from './torture-client.ts'

const over = (job: JobSeen): boolean => ['completed', 'failed', 'cancelled'].includes(job.status)

/** What a healthy service on a busy machine may take beyond the rule. */
const graceMs = 2500
/** An attempt signs while its code runs; before and after that a living server stages and publishes, which takes its time. */
const silentWorkMs = 60_000

export interface AwaitOptions {
  readonly folder: RunFolder
  readonly leaseMs: number
  /** So long without any change is too long. */
  readonly quietMs: number
  readonly isAlive: (server: number) => boolean
}

/**
 * Waits, with everything healthy again, until every job has ended. Reports jobs that never do, and jobs that the service
 * calls running for longer than a lease and a sweep although nobody is left who could be at it.
 */
export async function awaitEnds(
  client: TortureClient,
  ids: readonly string[],
  { folder, leaseMs, quietMs, isAlive }: AwaitOptions,
): Promise<readonly Finding[]> {
  const ruleMs = leaseMs + leaseMs / 6 + graceMs
  const findings = new Map<string, Finding>()
  const firstSeen = new Map<string, number>()
  let open = [...ids]
  const standstill = new Standstill({ quietMs })
  for (;;) {
    const jobs = await Promise.all(open.map((id) => client.job(id)))
    const now = Date.now()
    const signs = lastSigns(folder.ledger)
    const stalls = readEvidence<StallLine>(folder.stalls)
    for (const job of jobs.filter(({ status }) => status === 'running')) {
      const attempt = `${job.job_id}.${job.attempt}`
      if (!firstSeen.has(attempt)) firstSeen.set(attempt, now)
      const line = signs.get(attempt)
      const sign = Math.max(firstSeen.get(attempt) ?? now, line?.at ?? 0)
      const allowedMs = line === undefined || isAlive(line.server) ? silentWorkMs : ruleMs
      // Where a server's loop stood still, the machine is short of time, not the engine.
      if (now - sign > allowedMs + longestStall(stalls, sign))
        findings.set(attempt, {
          kind: 'late',
          what: `attempt ${job.attempt} of ${job.job_id} is called running, ${now - sign} ms after its last sign of life`,
        })
    }
    const unended = jobs.filter((job) => !over(job))
    open = unended.map((job) => job.job_id)
    if (open.length === 0) return [...findings.values()]
    const seen = unended.map((job) => ({
      ...job,
      signedAt: signs.get(`${job.job_id}.${job.attempt}`)?.at,
    }))
    if (standstill.isReached(seen, now))
      return [
        ...findings.values(),
        ...unended.map(({ job_id: id, status }): Finding => ({
          kind: 'lost',
          what: `${id} was acknowledged and is still ${status}; nothing has changed for ${quietMs} ms and more`,
        })),
      ]
    await pause(500)
  }
}

const longestStall = (stalls: readonly StallLine[], since: number): number =>
  Math.max(0, ...stalls.filter(({ to }) => to > since).map(({ from, to }) => 2 * (to - from)))

const lastSigns = (ledgerFile: string): ReadonlyMap<string, LedgerLine> =>
  new Map(readEvidence<LedgerLine>(ledgerFile).map((line) => [`${line.job}.${line.attempt}`, line]))
