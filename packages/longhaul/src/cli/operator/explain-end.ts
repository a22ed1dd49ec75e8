import type { JobView } from '@longhaul/protocol'
import { shortId } from '../format/job-line.ts'
import { duration } from '../format/quantity.ts'
import type { Explained } from './explain-wait.ts'

/** What each class of failure usually calls for. */
const cureOf: Readonly<Record<string, (id: string) => string>> = {
  'invalid-input': () => 'correct the input and submit it again; a retry would fail the same way',
  permanent: (id) => `longhaul logs ${id}`,
  transient: (id) => `longhaul retry ${id}`,
  timeout: (id) => `longhaul logs ${id}, then retry it with more time (timeout of the processor)`,
  silent: (id) => `longhaul logs ${id}: what it did last`,
  'out-of-memory': (id) => `longhaul retry ${id} --memory 8GB, or as much as it needs`,
  'worker-lost': (id) =>
    `longhaul logs ${id}: what it did before its process vanished; retry it alone`,
  expired: (id) => `more workers, or longhaul retry ${id}`,
  'dependency-failed': (id) => `retry what it depends on, then longhaul retry ${id}`,
  'processor-changed': () => 'submit it again for the version that is served now',
}

/** A job that does not wait: what it does, or how it ended, and what to do about it. */
export function explainState(job: JobView, now: number): Explained {
  const id = shortId(job.job_id)
  if (job.status === 'running') return running(job, now)
  if (job.status === 'failed') {
    const code = job.problem?.code ?? 'unknown'
    const tries = `attempt ${job.attempt}${job.lost > 0 ? `, ${job.lost} of them lost with their process` : ''}`
    return {
      because: `failed, ${code} (${tries}): ${job.error ?? 'no reason given'}`,
      cures: [cureOf[code]?.(id) ?? `longhaul logs ${id}`],
    }
  }
  if (job.status === 'cancelled') return { because: 'cancelled', cures: [`longhaul retry ${id}`] }
  const ran = timeBetween(job.started_at, job.completed_at)
  return { because: `completed${ran === undefined ? '' : ` in ${duration(ran)}`}`, cures: [] }
}

function running(job: JobView, now: number): Explained {
  const id = shortId(job.job_id)
  const { progress } = job
  const said = progress?.message ?? progress?.stage
  const facts = [
    `running for ${duration(now - Date.parse(job.started_at ?? job.created_at))}, attempt ${job.attempt}`,
    ...(progress?.percent == null ? [] : [`${Math.floor(progress.percent)} %`]),
    ...(said == null || said === 'running' ? [] : [said]),
  ]
  if (job.cancel_requested_at !== null)
    return { because: `${facts.join(', ')}; it is being cancelled`, cures: [] }
  if (job.silent_since === null)
    return { because: facts.join(', '), cures: [`longhaul watch ${id}`] }
  const silence = duration(now - Date.parse(job.silent_since))
  const back = job.checkpoint_at === null ? 'from the start' : 'from its checkpoint'
  return {
    because: `${facts.join(', ')}, but without a sign of life for ${silence}: no progress, no output, no CPU time`,
    cures: [`longhaul logs ${id}`, `longhaul cancel ${id}`, `then longhaul retry ${id} (${back})`],
  }
}

function timeBetween(from: string | null, to: string | null): number | undefined {
  return from === null || to === null ? undefined : Date.parse(to) - Date.parse(from)
}
