import type { QueueView, WorkerView } from '@longhaul/protocol'
import { shortId } from '../format/job-line.ts'
import { bytes, count, duration } from '../format/quantity.ts'
import type { ServiceLook } from './look.ts'

/** Something a person should look at, and what most likely helps. */
export interface Attention {
  readonly kind:
    | 'disk'
    | 'no-worker'
    | 'worker-lost'
    | 'processor-broken'
    | 'silent'
    | 'failures'
    | 'late'
    | 'paused'
    | 'backup'
  readonly text: string
  /** A command to paste. */
  readonly cure: string
}

/** A job that could run and does not for this long is late. */
const lateMs = 10 * 60 * 1000
const backupMs = 26 * 60 * 60 * 1000
/** Fewer failures of one kind are the jobs' own affair. */
const manyFailures = 3

/** What is wrong, the worst first. Empty: nothing to do. */
export function attentionOf(look: ServiceLook): readonly Attention[] {
  return [
    ...disk(look),
    ...look.queues.queues.flatMap((queue) => withoutWorker(queue, look)),
    ...look.workers.flatMap((worker) => lost(worker, look)),
    ...look.processors.flatMap(({ name, state, problem }): Attention[] =>
      state === 'broken'
        ? [
            {
              kind: 'processor-broken',
              text: `processor ${name} does not start: ${firstLine(problem?.detail ?? 'no reason given')}`,
              cure: 'correct the file and restart the service that serves it',
            },
          ]
        : [],
    ),
    ...look.silent.map((job): Attention => ({
      kind: 'silent',
      text: `${job.processor} ${shortId(job.job_id)} runs without a sign of life for ${duration(sinceMs(look, job.silent_since))}`,
      cure: `longhaul cancel ${shortId(job.job_id)}`,
    })),
    ...look.failures.filter(({ count: n }) => n >= manyFailures).map(failing),
    ...look.queues.queues.flatMap((queue) => late(queue, look)),
    ...look.queues.queues
      .filter(({ paused }) => paused)
      .map(({ queue, queued }): Attention => ({
        kind: 'paused',
        text: `${queue} is paused; ${count(queued)} ${queued === 1 ? 'job waits' : 'jobs wait'}`,
        cure: `longhaul resume ${queue}`,
      })),
    ...backup(look),
  ]
}

const sinceMs = ({ service }: ServiceLook, time: string | null): number =>
  time === null ? 0 : Math.max(0, Date.parse(service.now) - Date.parse(time))

function disk({ service, workers }: ServiceLook): Attention[] {
  const held = workers.filter(({ holding, state }) => holding === 'disk' && state !== 'lost')
  const { disk: room } = service
  if (held.length === 0 && (room === null || room.free_bytes >= room.floor_bytes)) return []
  const where =
    room !== null && room.free_bytes < room.floor_bytes
      ? `${bytes(room.free_bytes)} free, ${bytes(room.floor_bytes)} must stay free`
      : `${held.length === 1 ? 'worker' : 'workers'} ${held.map(({ worker_id }) => worker_id).join(', ')} below the floor`
  return [
    {
      kind: 'disk',
      text: `the disk is full: ${where}; nothing is started and no upload taken`,
      cure: 'longhaul gc --dry-run',
    },
  ]
}

export const serversOf = (queue: string, workers: readonly WorkerView[]): readonly WorkerView[] =>
  workers.filter((worker) => worker.state === 'alive' && worker.queues.includes(queue))

function withoutWorker(queue: QueueView, { workers }: ServiceLook): Attention[] {
  if (queue.queued + queue.retry_wait === 0 || queue.paused) return []
  if (serversOf(queue.queue, workers).length > 0) return []
  return [
    {
      kind: 'no-worker',
      text: `no worker serves ${queue.queue}; ${count(queue.queued)} ${queue.queued === 1 ? 'job waits' : 'jobs wait'}`,
      cure: 'longhaul worker FILE',
    },
  ]
}

function lost(worker: WorkerView, look: ServiceLook): Attention[] {
  if (worker.state !== 'lost') return []
  const silence = duration(sinceMs(look, worker.seen_at))
  const held = worker.jobs.length
  return [
    {
      kind: 'worker-lost',
      text: `worker ${worker.worker_id} was last heard of ${silence} ago; ${held === 0 ? 'its jobs were moved' : `${held} of its jobs still to be moved`}`,
      cure: `start it again on ${worker.host}: longhaul worker FILE`,
    },
  ]
}

function failing(group: ServiceLook['failures'][number]): Attention {
  const { count: n, code, processor, version, newWithVersion } = group
  return {
    kind: 'failures',
    text: `${n} × ${code} in ${processor} ${version}${newWithVersion ? `, new with ${version}` : ''}: ${firstLine(group.example.error)}`,
    cure: newWithVersion
      ? `drain the workers of ${version}, then: longhaul retry --status failed --processor ${processor} --since 24h --yes`
      : `longhaul why ${shortId(group.example.job_id)}`,
  }
}

function late(
  { queue, paused, queued, oldest_ready_at }: QueueView,
  look: ServiceLook,
): Attention[] {
  const waits = sinceMs(look, oldest_ready_at)
  if (paused || queued === 0 || oldest_ready_at === null || waits < lateMs) return []
  return [
    {
      kind: 'late',
      text: `${queue}: oldest waits ${duration(waits)} (limit ${duration(lateMs)})`,
      cure: `longhaul jobs --status queued --processor ${queue}; longhaul why JOB`,
    },
  ]
}

/** A server's database has its own backups. */
function backup(look: ServiceLook): Attention[] {
  const { database, backup_at } = look.service
  if (database.kind !== 'sqlite' || backup_at === null || sinceMs(look, backup_at) < backupMs)
    return []
  return [
    {
      kind: 'backup',
      text: `the newest backup is ${duration(sinceMs(look, backup_at))} old`,
      cure: 'longhaul backup DIR',
    },
  ]
}

const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 120)
