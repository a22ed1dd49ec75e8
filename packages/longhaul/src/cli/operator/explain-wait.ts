import type { JobView, QueueView, WaitReason, WorkerView } from '@longhaul/protocol'
import { shortId } from '../format/job-line.ts'
import { count, duration } from '../format/quantity.ts'
import { slotsOf } from '../format/status-block.ts'
import { serversOf } from './attention.ts'

/** What is known about a job that waits. */
export interface WaitingJob {
  readonly job: JobView
  /** Undefined where the operator's routes are not ours to ask. */
  readonly queue: QueueView | undefined
  readonly workers: readonly WorkerView[]
  readonly dependencies: readonly JobView[]
  /** The service's clock, epoch ms. */
  readonly now: number
}
export interface Explained {
  /** Why it waits just now. */
  readonly because: string
  /** What would help, commands where there are any. */
  readonly cures: readonly string[]
}

/** Why a job waits, in words, with what would make it start sooner. */
export function explainWait(reason: WaitReason, about: WaitingJob): Explained {
  switch (reason) {
    case 'dependency':
      return dependency(about)
    case 'delayed':
      return delayed(about)
    case 'paused':
      return { because: `${nameOf(about)} is paused`, cures: [`longhaul resume ${nameOf(about)}`] }
    case 'disk':
      return {
        because: `every worker of ${nameOf(about)} has too little room on its disk to start anything`,
        cures: ['longhaul gc --dry-run', 'longhaul status'],
      }
    case 'rate-limit':
      return {
        because: `${nameOf(about)} starts at most ${about.queue?.rate_per_minute ?? 'so many'} jobs a minute`,
        cures: [`longhaul limit ${nameOf(about)} --rate none`],
      }
    case 'owner-share':
      return share(about)
    case 'slots':
      return slots(about)
  }
}

const nameOf = ({ queue, job }: WaitingJob): string => queue?.queue ?? job.queue

function dependency({ dependencies }: WaitingJob): Explained {
  const open = dependencies.filter(({ status }) => !['completed', 'cancelled'].includes(status))
  const named = open.slice(0, 3).map((job) => `${shortId(job.job_id)} (${job.status})`)
  const more = open.length > 3 ? ` and ${open.length - 3} more` : ''
  const [first] = open
  return {
    because: `it depends on ${named.join(', ') || 'other jobs'}${more}, which must end first`,
    cures: first === undefined ? [] : [`longhaul why ${shortId(first.job_id)}`],
  }
}

function delayed({ job, now }: WaitingJob): Explained {
  const left = job.run_after === null ? undefined : Date.parse(job.run_after) - now
  const when = left === undefined || left <= 0 ? 'very soon' : `in ${duration(left)}`
  const because =
    job.status === 'retry_wait'
      ? `attempt ${job.attempt} failed (${job.error ?? 'no reason given'}); it tries again ${when}`
      : `it was asked to start later: ${when}`
  return { because, cures: [] }
}

function share(about: WaitingJob): Explained {
  const { queue, job } = about
  const mine = queue?.owners.find(({ owner }) => owner === job.owner)
  if (queue === undefined || mine === undefined)
    return { because: `${job.owner} has its share; others are served first`, cures: [] }
  if (mine.max_running !== null && mine.running >= mine.max_running)
    return {
      because: `${job.owner} may run ${mine.max_running} at once in ${queue.queue}, and does`,
      cures: [`longhaul limit ${queue.queue} none --owner ${job.owner}`],
    }
  const others = queue.owners.filter(({ owner, queued }) => owner !== job.owner && queued > 0)
  return {
    because: `${job.owner} runs ${mine.running} of ${queue.running}; ${others.map(({ owner, running }) => `${owner} (${running} running)`).join(', ') || 'others'} come first until shares are equal`,
    cures: [
      `another worker for ${queue.queue}`,
      `longhaul submit … --priority 1 for the urgent ones`,
    ],
  }
}

function slots(about: WaitingJob): Explained {
  const { queue, workers } = about
  const name = nameOf(about)
  if (queue === undefined) return { because: 'all slots are busy', cures: [] }
  const serving = serversOf(name, workers)
  if (serving.length === 0) {
    const draining = workers.some(
      ({ state, queues }) => ['draining', 'drained'].includes(state) && queues.includes(name),
    )
    return {
      because: `no worker serves ${name}${draining ? ': the last one was drained' : ''}`,
      cures: [
        'longhaul worker FILE, or look with longhaul status why the processor does not start',
      ],
    }
  }
  const running = workers.flatMap(({ jobs }) => jobs).filter((one) => one.queue === name)
  const busy = running.slice(0, 3).map(({ job_id }) => shortId(job_id))
  const who = busy.length === 0 ? '' : ` (${busy.join(', ')}${running.length > 3 ? ', …' : ''})`
  if (queue.max_running !== null && queue.running >= queue.max_running)
    return {
      because: `${name} may run ${count(queue.max_running)} at once, and does${who}`,
      cures: [`longhaul limit ${name} ${queue.max_running + 1}`],
    }
  const all = slotsOf(name, workers)
  return {
    because: `the ${count(all)} ${all === 1 ? 'slot' : 'slots'} of ${name} ${all === 1 ? 'is' : 'are'} busy${who}`,
    cures: [`another worker for ${name}: longhaul worker FILE`, 'longhaul submit … --priority 1'],
  }
}

/**
 * When it starts, if all goes on as before. Said only where that is honest: slots are what it waits for, one owner waits,
 * and enough jobs have ended to know how long they take.
 */
export function startEstimateMs({ job, queue, workers }: WaitingJob): number | undefined {
  if (queue === undefined || job.waiting?.reason !== 'slots') return undefined
  const waitingOwners = queue.owners.filter(({ queued }) => queued > 0)
  const { history } = queue
  const places = queue.max_running ?? slotsOf(queue.queue, workers)
  if (waitingOwners.length !== 1 || history === null || history.finished < 20) return undefined
  if (history.run_p50_ms === null || places === 0 || job.waiting.position >= 1000) return undefined
  return ((job.waiting.position + 1) / places) * history.run_p50_ms
}
