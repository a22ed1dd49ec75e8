import { defineCommand } from '../command.ts'
import { durationMs, wholeNumber } from '../arguments.ts'
import { exitCode, UsageError, type ExitCode } from '../exit-code.ts'
import type { Output } from '../output.ts'
import type { BackendName, RunReport } from '../../testing/torture/index.ts'

/** Said here, so that a command line that is only read does not load all of torture. */
const backendNames = [
  'sqlite+local',
  'postgres+local',
  'postgres+s3',
] as const satisfies readonly BackendName[]

const number = (help: string) => ({ type: 'string', value: 'N', help }) as const
const flag = (help: string) => ({ type: 'boolean', help }) as const

export const torture = defineCommand({
  name: 'torture',
  usage: '[uploads]',
  summary: 'kill a service at random and check that nothing is lost',
  more: `Each run starts three real services on the same fresh data, submits jobs and uploads, kills services and
their children at random and at every named fault point, freezes them, and breaks their database, their store and
their network. Then it holds what they say against evidence that they did not write: acknowledged jobs end exactly
once, with exact results, and leave no process, file or upload behind. Exit code 1 when anything is found; the
evidence is kept then. PostgreSQL and S3 servers are its own, started for it.

"torture uploads" is about uploads alone: --runs of them, --seed, --on local or s3. Clients are cut off, the service is
killed, its disk is full; hashes are wrong, parts come twice and out of order. Each is resumed to its end, and sha256sum,
find and a script in Python say whether all of it is there and nothing else.`,
  options: {
    runs: number('how many; 10 or more a backend must reach every fault point (default 20)'),
    budget: { type: 'string', value: 'TIME', help: 'as many runs as fit, but at least --runs' },
    seed: number('strikes at the same places again (default: the clock)'),
    on: {
      type: 'string',
      value: 'BACKENDS',
      help: `${backendNames.join(', ')}; several with a comma between: in turn (default ${backendNames[0]})`,
    },
    jobs: number('submitted in each run (default 24, with a budget 12)'),
    'at-once': number('runs side by side; most of a run is waiting (default 2, with a budget 4)'),
    long: flag('databases may be read-only for 15 leases'),
    keep: flag('keep the evidence of good runs too'),
    'no-fence': flag('test-only: late attempts may write; must be found'),
    'no-roll-forward': flag('test-only: publications are not finished; must be found'),
    'no-queue-lock': flag(
      'test-only, PostgreSQL: claims do not wait for each other; must be found',
    ),
  },
  async run({ options, words, output }) {
    if (words[0] === 'uploads') return tortureTheUploads(options, output)
    if (words.length > 0)
      throw new UsageError(`torture takes nothing or uploads, got ${JSON.stringify(words[0])}`)
    const runs = wholeNumber('runs', options.runs, 1) ?? 20
    // 3m, as one says it; elsewhere m could be taken for metres.
    const budgetMs = durationMs('budget', options.budget?.replace(/(\d) ?m$/, '$1min'))
    const seed = wholeNumber('seed', options.seed) ?? Math.floor(Date.now() / 1000)
    const on = readBackends(options.on)
    // The machinery of the test is loaded by nobody else.
    const { torture: execute } = await import('../../testing/torture/index.ts')
    output.say(
      budgetMs === undefined
        ? `${runs} runs from seed ${seed} on ${on.join(' and ')}`
        : `runs for ${budgetMs / 1000} s, at least ${runs}, from seed ${seed} on ${on.join(' and ')}`,
    )
    const report = await execute({
      ...{ runs, seed, on, ...(budgetMs !== undefined && { budgetMs }) },
      ...jobsOf(options, budgetMs),
      atOnce: wholeNumber('at-once', options['at-once'], 1) ?? (budgetMs === undefined ? 2 : 4),
      long: options.long ?? false,
      keep: options.keep ?? false,
      noFence: options['no-fence'] ?? false,
      noRollForward: options['no-roll-forward'] ?? false,
      noQueueLock: options['no-queue-lock'] ?? false,
      onRun: (run, index) => {
        output.say(`run ${index}  ${describeRun(run)}`)
        for (const { kind, what } of run.findings) output.complain(`  ${kind}: ${what}`)
        if (run.findings.length > 0) output.complain(`  evidence and logs: ${run.folder}`)
        output.object('torture-run', run)
      },
    })
    const found = report.runs.flatMap((run) => run.findings)
    const kinds = ['lost', 'doubled', 'leaked', 'drifted', 'late', 'wrong'] as const
    const counts = kinds.map((kind) => `${kind} ${found.filter((one) => one.kind === kind).length}`)
    output.data(`died at  ${listed(report.deaths)}`)
    output.data(`broke  ${listed(report.faults)}`)
    if (report.missed.length > 0) output.data(`nobody died at  ${report.missed.join(', ')}`)
    output.data(
      `${counts.join(' · ')}   seed ${seed}, ${report.runs.length} runs: ${report.passed ? 'passed' : 'FAILED'}`,
    )
    const { runs: _runs, ...summary } = report
    output.object('torture', { ...summary, findings: found })
    return report.passed ? exitCode.done : exitCode.failed
  },
})

async function tortureTheUploads(
  options: { readonly runs?: string; readonly seed?: string; readonly on?: string },
  output: Output,
): Promise<ExitCode> {
  const runs = wholeNumber('runs', options.runs, 1) ?? 20
  const seed = wholeNumber('seed', options.seed) ?? Math.floor(Date.now() / 1000)
  const { on = 'local' } = options
  if (on !== 'local' && on !== 's3')
    throw new UsageError(`For uploads --on takes local or s3, got ${JSON.stringify(on)}`)
  const { tortureUploads } = await import('../../testing/upload-torture/index.ts')
  output.say(`${runs} uploads from seed ${seed} on ${on}`)
  const report = await tortureUploads({
    ...{ runs, seed, on },
    onGroup: (so) => output.say(`${so.runs} resumed to their end, ${so.findings.length} findings`),
  })
  for (const finding of report.findings) output.complain(finding)
  output.data(`${(report.bytes / 1e6).toFixed(0)} MB in ${report.runs} uploads`)
  output.data(`killed the service ${report.serverKills} times · ${listed({ ...report.blows })}`)
  const count = (kind: string): number =>
    report.findings.filter((one) => one.startsWith(`${kind}:`)).length
  const { length } = report.findings
  const other = length - count('wrong') - count('leaked')
  output.data(
    `wrong ${count('wrong')} · leaked ${count('leaked')} · unfinished ${other}   seed ${seed}, ${report.runs} runs: ${length === 0 ? 'passed' : 'FAILED'}`,
  )
  output.object('torture-uploads', report)
  return length === 0 ? exitCode.done : exitCode.failed
}

/** Short runs where there is little time, so that there are many. */
function jobsOf(options: { readonly jobs?: string }, budgetMs: number | undefined) {
  const jobs = wholeNumber('jobs', options.jobs, 1) ?? (budgetMs === undefined ? undefined : 12)
  return jobs === undefined ? {} : { jobs }
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, times]) => `${name} ${times}`)
    .join(' · ')

function readBackends(text: string = backendNames[0]): readonly BackendName[] {
  return text.split(',').map((word) => {
    const name = backendNames.find((one) => one === word.trim())
    if (name === undefined)
      throw new UsageError(`--on takes ${backendNames.join(' and ')}, got ${JSON.stringify(word)}`)
    return name
  })
}

function describeRun(run: RunReport): string {
  const ends = Object.entries(run.ends).map(([state, jobs]) => `${jobs} ${state}`)
  const { servers, children, freezes, faults } = run.blows
  return [
    `seed ${run.seed} on ${run.on}`,
    `${ends.join(', ')} in ${run.attempts} attempts`,
    `killed ${run.deaths + servers} servers, ${children} children`,
    `froze ${run.sleeps + freezes}`,
    faults.join(', '),
    run.findings.length === 0 ? 'nothing found' : `${run.findings.length} FINDINGS`,
    `${run.seconds.toFixed(0)} s`,
  ].join(' · ')
}
