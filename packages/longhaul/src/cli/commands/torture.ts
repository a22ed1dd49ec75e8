import { defineCommand } from '../command.ts'
import { wholeNumber } from '../arguments.ts'
import { exitCode } from '../exit-code.ts'
import type { RunReport } from '../../testing/torture/index.ts'

const number = (help: string) => ({ type: 'string', value: 'N', help }) as const
const flag = (help: string) => ({ type: 'boolean', help }) as const

export const torture = defineCommand({
  name: 'torture',
  usage: '',
  summary: 'kill a service at random and check that nothing is lost',
  more: `Each run starts two real services on one fresh data directory, submits jobs and uploads, kills services and
their children at random and at every named fault point, freezes them, and breaks their store. Then it holds
what they say against evidence that they did not write: acknowledged jobs end exactly once, with exact results,
and leave no process, file or upload behind. Exit code 1 when anything is found; the evidence is kept then.`,
  options: {
    runs: number('how many; 10 or more must reach every fault point (default 20)'),
    seed: number('strikes at the same places again (default: the clock)'),
    jobs: number('submitted in each run (default 24)'),
    'at-once': number('runs side by side; most of a run is waiting (default 2)'),
    keep: flag('keep the evidence of good runs too'),
    'no-fence': flag('test-only: late attempts may write; must be found'),
    'no-roll-forward': flag('test-only: publications are not finished; must be found'),
  },
  async run({ options, output }) {
    const runs = wholeNumber('runs', options.runs, 1) ?? 20
    const seed = wholeNumber('seed', options.seed) ?? Math.floor(Date.now() / 1000)
    // The machinery of the test is loaded by nobody else.
    const { torture: execute } = await import('../../testing/torture/index.ts')
    output.say(`${runs} runs from seed ${seed}`)
    const report = await execute({
      runs,
      seed,
      jobs: wholeNumber('jobs', options.jobs, 1) ?? 24,
      atOnce: wholeNumber('at-once', options['at-once'], 1) ?? 2,
      keep: options.keep ?? false,
      noFence: options['no-fence'] ?? false,
      noRollForward: options['no-roll-forward'] ?? false,
      onRun: (run, index) => {
        output.say(`run ${index}/${runs}  ${describeRun(run)}`)
        for (const { kind, what } of run.findings) output.complain(`  ${kind}: ${what}`)
        if (run.findings.length > 0) output.complain(`  evidence and logs: ${run.folder}`)
        output.object('torture-run', run)
      },
    })
    const found = report.runs.flatMap((run) => run.findings)
    const count = (kind: string): number => found.filter((finding) => finding.kind === kind).length
    const deaths = Object.entries(report.deaths)
    output.data(`died at  ${deaths.map(([point, times]) => `${point} ${times}`).join(' · ')}`)
    if (report.missed.length > 0) output.data(`nobody died at  ${report.missed.join(', ')}`)
    output.data(
      `lost ${count('lost')} · doubled ${count('doubled')} · leaked ${count('leaked')} · late ${count('late')} · wrong ${count('wrong')}   seed ${seed}, ${report.runs.length} runs: ${report.passed ? 'passed' : 'FAILED'}`,
    )
    const { runs: _runs, ...summary } = report
    output.object('torture', { ...summary, findings: found })
    return report.passed ? exitCode.done : exitCode.failed
  },
})

function describeRun(run: RunReport): string {
  const ends = Object.entries(run.ends).map(([state, jobs]) => `${jobs} ${state}`)
  const { servers, children, freezes } = run.blows
  return [
    `seed ${run.seed}`,
    `${ends.join(', ')} in ${run.attempts} attempts`,
    `killed ${run.deaths + servers} servers, ${children} children`,
    `froze ${run.sleeps + freezes}`,
    run.findings.length === 0 ? 'nothing found' : `${run.findings.length} FINDINGS`,
    `${run.seconds.toFixed(0)} s`,
  ].join(' · ')
}
