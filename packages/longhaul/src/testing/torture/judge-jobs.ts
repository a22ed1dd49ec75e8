import type { JobEngine, JobEvent } from '../../jobs/engine.ts'
import { isTerminal, type Job } from '../../jobs/job.ts'
import type { Storage } from '../../storage/object-store.ts'
import type { AcknowledgedLine, LedgerLine } from './evidence.ts'
import type { Finding } from './findings.ts'
import { outputBytes, outputName, outputSizes, stepRecords } from './work.ts'

const endings = ['completed', 'failed', 'cancelled']
/** The only reasons for which a torture job may fail; anything else is a bug that a retry happened to hide. */
const honestProblems = ['permanent', 'transient', 'worker-lost']

/** Holds the service's records against what the client was told and what the attempts wrote down themselves. */
export async function judgeJobs(
  acknowledged: readonly AcknowledgedLine[],
  ledger: readonly LedgerLine[],
  engine: JobEngine,
  storage: Storage,
): Promise<{ findings: readonly Finding[]; ends: Readonly<Record<string, number>> }> {
  const findings: Finding[] = []
  const ends: Record<string, number> = {}
  const page = await engine.list({ scope: 'everyone' }, { limit: 100_000 })
  const jobs = new Map(page.jobs.map((job) => [job.id, job]))
  findings.push(...judgeAcknowledgements(acknowledged, jobs))

  for (const job of jobs.values()) {
    const line = acknowledged.find(({ job: id }) => id === job.id)
    const events = await engine.read(job.id, 0, 10_000)
    findings.push(...judgeEvents(job, events))
    ends[job.state] = (ends[job.state] ?? 0) + 1
    if (job.state === 'failed') findings.push(...judgeFailure(job, line))
    if (job.state === 'completed') findings.push(...(await judgeResult(job, line, ledger, storage)))
  }
  for (const { queue, queued, running } of await engine.queues())
    if (queued !== 0 || running !== 0)
      findings.push({
        kind: 'wrong',
        what: `queue ${queue} counts ${queued} queued and ${running} running after everything ended`,
      })
  for (const { queue, owner } of await engine.recount())
    findings.push({ kind: 'drifted', what: `the counters of queue ${queue}, owner ${owner}` })
  return { findings, ends }
}

function judgeAcknowledgements(
  acknowledged: readonly AcknowledgedLine[],
  jobs: ReadonlyMap<string, Job>,
): Finding[] {
  const findings: Finding[] = []
  for (const { job: id, tag } of acknowledged) {
    const job = jobs.get(id)
    if (!job) findings.push({ kind: 'lost', what: `${id} was acknowledged and is unknown` })
    else if (!isTerminal(job.state))
      findings.push({ kind: 'lost', what: `${id} was acknowledged and ended up ${job.state}` })
    const others = acknowledged.filter((line) => line.tag === tag && line.job !== id)
    for (const other of others)
      findings.push({
        kind: 'doubled',
        what: `key ${tag} was answered with ${id} and ${other.job}`,
      })
  }
  // The client repeats until it is answered, so a job it was never told of is a second one for the same key.
  const known = new Set(acknowledged.map(({ job }) => job))
  for (const id of jobs.keys())
    if (!known.has(id)) findings.push({ kind: 'doubled', what: `nobody was told of ${id}` })
  return findings
}

function judgeEvents(job: Job, events: readonly JobEvent[]): Finding[] {
  const findings: Finding[] = []
  const terminal = events.filter(({ type }) => endings.includes(type))
  if (terminal.length > 1)
    findings.push({
      kind: 'doubled',
      what: `${job.id} ended ${terminal.length} times: ${terminal.map(({ type, attempt }) => `${type} by attempt ${attempt}`).join(', ')}`,
    })
  const last = events.at(-1)
  if (terminal.length > 0 && last && !endings.includes(last.type))
    findings.push({ kind: 'doubled', what: `${job.id} had ended, then came ${last.type}` })
  if (isTerminal(job.state) && terminal.at(-1)?.type !== job.state)
    findings.push({ kind: 'wrong', what: `${job.id} is ${job.state}, its last event is not` })
  // Uploads of a publication vanish only when a later attempt took them for an earlier one's rubbish.
  for (const { attempt, data } of events)
    if ((data['problem'] as { code?: string } | undefined)?.code === 'upload-not-found')
      findings.push({
        kind: 'doubled',
        what: `attempt ${attempt} of ${job.id} was to publish what another attempt had removed`,
      })
  if (events.some(({ no }, index) => no !== index + 1))
    findings.push({ kind: 'wrong', what: `the events of ${job.id} are not numbered 1, 2, 3, …` })
  return findings
}

function judgeFailure(job: Job, line: AcknowledgedLine | undefined): Finding[] {
  const { code, detail } = job.problem ?? { code: 'none', detail: '' }
  if (!honestProblems.includes(code))
    return [{ kind: 'wrong', what: `${job.id} (${line?.task}) failed with ${code}: ${detail}` }]
  if (code === 'permanent' && line?.task !== 'refuse')
    return [{ kind: 'wrong', what: `${job.id} (${line?.task}) failed for good: ${detail}` }]
  return []
}

async function judgeResult(
  job: Job,
  line: AcknowledgedLine | undefined,
  ledger: readonly LedgerLine[],
  storage: Storage,
): Promise<Finding[]> {
  const wrong = (what: string): Finding => ({ kind: 'wrong', what: `${job.id} ${what}` })
  if (line?.task === 'refuse') return [wrong('completed, although its code refuses')]
  const { tag, author } = job.result?.value as { tag: string; author: string }
  if (tag !== line?.tag) return [wrong(`has the result of ${tag} instead of ${line?.tag}`)]
  const ended = ledger.some(
    ({ what, job: id, attempt, nonce }) =>
      what === 'end' && `${id}.${attempt}.${nonce}` === author && id === job.id,
  )
  if (!ended) return [wrong(`completed by ${author}, which never came to its end`)]
  const outputs = job.result?.outputs ?? []
  if (line.task === 'steps') {
    const files = outputs.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const rows = await Promise.all(files.map(({ key }) => bytesOf(storage, key)))
    const text = rows.map((bytes) => bytes?.toString() ?? '(no bytes)').join('')
    return text === stepRecords(tag, line.steps ?? 0)
      ? []
      : [wrong('has other records than its steps made')]
  }
  if (line.task !== 'files') return []

  const findings: Finding[] = []
  if (outputs.length !== outputSizes.length)
    findings.push(wrong(`has ${outputs.length} outputs instead of ${outputSizes.length}`))
  for (const index of outputSizes.keys()) {
    const output = outputs.find(({ name }) => name === outputName(index))
    const bytes = output && (await bytesOf(storage, output.key))
    if (!bytes?.equals(outputBytes(author, tag, index)))
      findings.push(wrong(`has ${bytes ? 'other bytes in' : 'no'} output ${outputName(index)}`))
  }
  return findings
}

async function bytesOf(storage: Storage, key: string): Promise<Buffer | undefined> {
  try {
    const { body } = await storage.get(key)
    return Buffer.concat(await body.toArray())
  } catch {
    return undefined
  }
}
