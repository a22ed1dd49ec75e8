import type { Client } from '@longhaul/client'
import { isFinished, jobStatuses, type JobStatus, type JobView } from '@longhaul/protocol'
import { durationMs } from './arguments.ts'
import type { OptionSpecs, OptionValues } from './command.ts'
import { exitCode, UsageError, type ExitCode } from './exit-code.ts'
import { forEachJob } from './for-each-job.ts'
import { count, counted } from './format/quantity.ts'
import { table } from './format/table.ts'
import { didYouMean } from '../support/nearest.ts'
import type { Output } from './output.ts'

/** Choose jobs by what they are instead of by their ids: the same filters as in the URL of the list. */
export const selectorOptions = {
  status: {
    type: 'string',
    multiple: true,
    value: 'STATUS',
    help: `only these: ${jobStatuses.join(', ')}`,
  },
  processor: { type: 'string', value: 'NAME', help: 'only of this processor' },
  owner: { type: 'string', value: 'NAME', help: 'only of this owner, for a key that sees others' },
  tag: {
    type: 'string',
    multiple: true,
    value: 'TAG',
    help: 'only with this tag, as in run=7; several must all be there',
  },
  since: {
    type: 'string',
    value: 'TIME',
    help: 'only what was submitted, or has ended, in the last 2h, 30min …',
  },
} as const satisfies OptionSpecs
export const bulkOptions = {
  ...selectorOptions,
  yes: { type: 'boolean', help: 'do it; without, chosen jobs are only counted' },
} as const satisfies OptionSpecs
export type Selectors = OptionValues<typeof selectorOptions>

/** Neither ids nor selectors would mean every job there is: that must be said. */
export function checkedSelectors<T extends Selectors>(options: T): T {
  const { status, processor, owner, tag, since } = options
  if ([status, processor, owner, tag, since].some((one) => one !== undefined)) return options
  throw new UsageError(
    'Which jobs? Give ids (`longhaul jobs` lists them), or choose: --status --processor --owner --tag --since',
  )
}

export const statusesOf = (words: readonly string[] | undefined): readonly JobStatus[] =>
  (words ?? []).flatMap((word) => word.split(',')).map(statusOf)

function statusOf(word: string): JobStatus {
  const found = jobStatuses.find((status) => status === word)
  if (found !== undefined) return found
  throw new UsageError(
    `There is no status ${word}${didYouMean(word, jobStatuses) || `; there is ${jobStatuses.join(', ')}`}`,
  )
}

/** Every job that the selectors choose, newest first. */
export async function* selectedJobs(
  client: Client,
  options: Selectors,
  limit = 100,
): AsyncGenerator<JobView> {
  const ageMs = durationMs('since', options.since)
  const since = ageMs === undefined ? undefined : Date.now() - ageMs
  const status = statusesOf(options.status)
  const { processor, owner, tag } = options
  const query = { status, processor, owner, tag, limit }
  for await (const job of client.allJobs(query)) {
    const at = isFinished(job.status) ? (job.completed_at ?? job.updated_at) : job.created_at
    if (since === undefined || Date.parse(at) >= since) yield job
  }
}

/** Counts first, and acts only with --yes. `may` says which of the chosen the verb makes sense for. */
export async function forSelectedJobs(
  client: Client,
  {
    options,
    output,
    verb,
    may,
  }: {
    readonly options: Selectors & { readonly yes?: boolean }
    readonly output: Output
    readonly verb: string
    readonly may: (status: JobStatus) => boolean
  },
  act: (id: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const chosen: JobView[] = []
  const groups = new Map<string, number>()
  for await (const job of selectedJobs(client, options)) {
    if (!may(job.status)) continue
    chosen.push(job)
    const group = JSON.stringify([job.processor, job.version, job.status])
    groups.set(group, (groups.get(group) ?? 0) + 1)
  }
  const rows = [...groups].map(([group, n]) => [
    `  ${count(n)} ×`,
    ...(JSON.parse(group) as string[]),
  ])
  for (const line of table(rows)) output.say(line)
  output.object('selected', { verb, count: chosen.length, done: options.yes === true })
  if (chosen.length === 0) {
    output.say(`  no job to ${verb}`)
    return exitCode.done
  }
  if (options.yes !== true)
    throw new UsageError(
      `${counted(chosen.length, 'job')} to ${verb}; nothing was done. --yes does it`,
    )
  return forEachJob(
    client,
    chosen.map(({ job_id }) => job_id),
    output,
    act,
  )
}
