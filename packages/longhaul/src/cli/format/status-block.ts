import type { QueueView, WorkerView } from '@longhaul/protocol'
import type { Attention } from '../operator/attention.ts'
import type { ServiceLook } from '../operator/look.ts'
import { bytes, count, duration } from './quantity.ts'
import { table } from './table.ts'

/** The state of a service on one screen: what needs a hand first, then queues, workers, owners, disk, failures. */
export function statusBlock(look: ServiceLook, attention: readonly Attention[]): string[] {
  const { queues } = look.queues
  return [
    headline(look, attention),
    ...attention.flatMap(({ text, cure }) => [`  ! ${text}`, `      ${cure}`]),
    ...table(queues.map((queue) => queueRow(queue, look))),
    workersLine(look),
    ...ownersLine(queues),
    ...diskLine(look),
    ...look.failures.slice(0, 5).map(failureLine),
  ]
}

function headline({ service }: ServiceLook, attention: readonly Attention[]): string {
  const up = duration(Date.parse(service.now) - Date.parse(service.started_at))
  const word = attention.length === 0 ? '● OK' : `● ${attention[0]!.kind.toUpperCase()}`
  const more = attention.length > 1 ? ` and ${attention.length - 1} more` : ''
  return `${service.name}  ${service.version}  up ${up}   ${word}${more}   ${backupWord({ service })}`
}

function backupWord({ service }: Pick<ServiceLook, 'service'>): string {
  if (service.database.kind !== 'sqlite') return 'database on a server'
  if (service.backup_at === null) return 'no backup yet'
  return `backup ${duration(Date.parse(service.now) - Date.parse(service.backup_at))} ago`
}

function queueRow(queue: QueueView, { workers, silent }: ServiceLook): string[] {
  const slots = queue.max_running ?? slotsOf(queue.queue, workers)
  const quiet = silent.filter((job) => job.queue === queue.queue).length
  const { history } = queue
  return [
    `  ${queue.queue}${queue.paused ? ' (paused)' : ''}`,
    `queued ${count(queue.queued)}`,
    `running ${count(queue.running)}/${count(slots)}`,
    quiet === 0 ? '' : `silent ${quiet}`,
    queue.retry_wait === 0 ? '' : `retry ${count(queue.retry_wait)}`,
    history === null || history.finished === 0
      ? ''
      : `failed 24 h ${((history.failed / history.finished) * 100).toFixed(1)} %`,
    times('wait', history?.wait_p50_ms, history?.wait_p95_ms),
    times('run', history?.run_p50_ms, history?.run_p95_ms),
    queue.rate_per_minute === null ? '' : `at most ${queue.rate_per_minute}/min`,
  ]
}

const times = (
  what: string,
  p50: number | null | undefined,
  p95: number | null | undefined,
): string =>
  p50 == null ? '' : `${what} p50 ${duration(p50)}${p95 == null ? '' : ` p95 ${duration(p95)}`}`

/** All slots of the workers that take this queue; they may share them with other queues. */
export const slotsOf = (queue: string, workers: readonly WorkerView[]): number =>
  workers
    .filter((worker) => worker.state === 'alive' && worker.queues.includes(queue))
    .reduce((sum, { slots }) => sum + slots, 0)

function workersLine({ workers }: ServiceLook): string {
  const alive = workers.filter(({ state }) => state !== 'lost').length
  const others = workers
    .filter(({ state, holding }) => state !== 'alive' || holding === 'disk')
    .map(({ worker_id, state, holding, jobs, seen_at }) => {
      if (state === 'lost') return `${worker_id} lost ${seen_at.slice(11, 16)} UTC`
      if (holding === 'disk') return `${worker_id} holds for its disk`
      return state === 'drained' ? `${worker_id} drained` : `${worker_id} drains ${jobs.length}`
    })
  return `  workers   ${[`${alive} of ${workers.length} alive`, ...others].join(' · ')}`
}

/** Only where owners share something. */
function ownersLine(queues: readonly QueueView[]): string[] {
  const running = new Map<string, number>()
  const waiting = new Set<string>()
  for (const { owner, queued, running: runs } of queues.flatMap(({ owners }) => owners)) {
    if (queued + runs === 0) continue
    running.set(owner, (running.get(owner) ?? 0) + runs)
    waiting.add(owner)
  }
  if (waiting.size < 2) return []
  const total = [...running.values()].reduce((sum, runs) => sum + runs, 0)
  const share = Math.round(100 / waiting.size)
  const told = [...running]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([owner, runs]) => `${owner} ${total === 0 ? 0 : Math.round((runs / total) * 100)} %`)
  return [`  owners    ${told.join(' · ')} (share ${share} %)`]
}

function diskLine({ service: { disk, database } }: ServiceLook): string[] {
  const facts = [
    ...(disk === null
      ? []
      : [
          `${Math.round((1 - disk.free_bytes / disk.total_bytes) * 100)} % used, ${bytes(disk.free_bytes)} free (floor ${bytes(disk.floor_bytes)})`,
          ...(disk.full_in_seconds === null
            ? []
            : [`full in about ${duration(disk.full_in_seconds * 1000)} at this rate`]),
        ]),
    database.bytes === null ? database.kind : `db ${bytes(database.bytes)}`,
  ]
  return [`  disk      ${facts.join(' · ')}`]
}

function failureLine(group: ServiceLook['failures'][number], at: number): string {
  const { count: n, code, processor, version, since, newWithVersion } = group
  const novelty = newWithVersion ? ` (new with ${version})` : ''
  const label = at === 0 ? 'failures' : ''
  return `  ${label.padEnd(10)}${count(n)} × ${code} ${processor} ${version} since ${since.slice(11, 16)} UTC${novelty}`
}
