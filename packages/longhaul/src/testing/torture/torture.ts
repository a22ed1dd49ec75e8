import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FaultSchedule } from './fault-schedule.ts'
import { tortureOnce, type RunReport } from './run.ts'

export interface TortureOptions {
  readonly runs: number
  /** The same seed strikes at the same places; what the machine makes of it may differ. */
  readonly seed: number
  /** Jobs submitted in each run. @default 24 */
  readonly jobs?: number
  /** Runs side by side; most of a run is waiting. @default 1 */
  readonly atOnce?: number
  /** Keep the evidence of good runs too. Bad ones are always kept. */
  readonly keep?: boolean
  /** Test-only: switch a safety off, to prove that its absence is noticed. */
  readonly noFence?: boolean
  readonly noRollForward?: boolean
  readonly onRun?: (report: RunReport, number: number) => void
}
export interface TortureReport {
  readonly seed: number
  readonly runs: readonly RunReport[]
  /** Servers killed at each named fault point. */
  readonly deaths: Readonly<Record<string, number>>
  /** Named fault points at which no server died; a failure when there were runs enough to reach them all. */
  readonly missed: readonly string[]
  readonly passed: boolean
}

/** Servers start some four times a run, each with a point to die at: so many runs must reach all of them. */
const runsForEveryPoint = 10
/** On a slow machine a run may end before its servers reach where they are to die: as many more make up for it. */
const makeUpRuns = 10

/** Each run has a fresh data directory below the system's temporary folder. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const schedule = new FaultSchedule()
  const parent = await mkdtemp(path.join(tmpdir(), 'longhaul-torture-'))
  const reports: RunReport[] = []
  let kept = options.keep ?? false
  const goesOn = (number: number): boolean =>
    number <= options.runs ||
    (options.runs >= runsForEveryPoint &&
      number <= options.runs + makeUpRuns &&
      schedule.missed.length > 0)
  let begun = 0
  const lane = async (): Promise<void> => {
    while (goesOn(begun + 1)) await one(++begun)
  }
  const one = async (number: number): Promise<void> => {
    const seed = (options.seed + number - 1) >>> 0
    const report = await tortureOnce({
      root: path.join(parent, `run-${number}-seed-${seed}`),
      seed,
      jobs: options.jobs ?? 24,
      leaseMs: 2000,
      schedule,
      noFence: options.noFence ?? false,
      noRollForward: options.noRollForward ?? false,
    })
    reports.push(report)
    options.onRun?.(report, number)
    if (report.findings.length > 0) kept = true
    else if (!options.keep) await rm(report.folder, { recursive: true, force: true })
  }
  await Promise.all(Array.from({ length: options.atOnce ?? 1 }, lane))
  if (!kept) await rm(parent, { recursive: true, force: true })
  const { deaths, missed } = schedule
  const reachedAll = missed.length === 0 || options.runs < runsForEveryPoint
  const clean = reports.every((report) => report.findings.length === 0)
  return { seed: options.seed, runs: reports, deaths, missed, passed: clean && reachedAll }
}
