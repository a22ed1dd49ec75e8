import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BackendName } from './backends.ts'
import { FaultSchedule } from './fault-schedule.ts'
import { LaneBackends, OpenServers } from './lane-backends.ts'
import { tortureOnce, type RunReport } from './run.ts'
import type { Unsafe } from './server-plan.ts'

export interface TortureOptions extends Unsafe {
  /** With a budget: at least so many, and not every fault point need be reached. */
  readonly runs: number
  /** As many runs as fit into this time. */
  readonly budgetMs?: number
  /** The same seed strikes at the same places; what the machine makes of it may differ. */
  readonly seed: number
  /** In turn. @default SQLite and the local store */
  readonly on?: readonly BackendName[]
  /** Jobs submitted in each run. @default 24; 100 to see that claims do not wait */
  readonly jobs?: number
  /** Runs side by side; most of a run is waiting. @default 1 */
  readonly atOnce?: number
  /** Read-only databases may last 15 leases. */
  readonly long?: boolean
  /** Keep the evidence of good runs too. Bad ones are always kept. */
  readonly keep?: boolean
  readonly onRun?: (report: RunReport, number: number) => void
}
export interface TortureReport {
  readonly seed: number
  readonly runs: readonly RunReport[]
  /** Servers killed at each named fault point. */
  readonly deaths: Readonly<Record<string, number>>
  /** How often database, store and network broke, and how. */
  readonly faults: Readonly<Record<string, number>>
  /** Named fault points at which no server died; a failure when there were runs enough to reach them all. */
  readonly missed: readonly string[]
  readonly passed: boolean
}

/** Servers start some five times a run, each with a point to die at: so many runs must reach all of them. */
const runsForEveryPoint = 10
/** On a slow machine a run may end before its servers reach where they are to die: as many more make up for it. */
const makeUpRuns = 10

/** Each run has fresh data directories below the system's temporary folder, and where needed a fresh database and bucket. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const on = options.on ?? ['sqlite+local']
  const parent = await mkdtemp(path.join(tmpdir(), 'longhaul-torture-'))
  await using servers = new OpenServers()
  const schedules = new Map<BackendName, FaultSchedule>()
  const reports: RunReport[] = []
  let kept = options.keep ?? false
  let begun = 0
  const enoughToReachAll =
    options.budgetMs === undefined && options.runs >= runsForEveryPoint * on.length
  const missed = (): readonly string[] =>
    [...schedules].flatMap(([name, { missed: points }]) =>
      points.map((point) => (on.length > 1 ? `${point} on ${name}` : point)),
    )
  const isInBudget = inBudget(options.budgetMs, reports)
  const goesOn = (number: number): boolean =>
    number <= options.runs ||
    isInBudget() ||
    (enoughToReachAll && number <= options.runs + makeUpRuns && missed().length > 0)

  const one = async (number: number, lane: LaneBackends): Promise<void> => {
    const seed = (options.seed + number - 1) >>> 0
    // By the seed and not by the number, so that a seed alone says what a run is on.
    const name = on[seed % on.length] ?? 'sqlite+local'
    const backends = await lane.of(name)
    const schedule = schedules.get(name) ?? new FaultSchedule(backends.points)
    schedules.set(name, schedule)
    const { noFence, noRollForward, noQueueLock } = options
    const report = await tortureOnce({
      root: path.join(parent, `run-${number}-seed-${seed}`),
      jobs: options.jobs ?? (noQueueLock ? 100 : 24),
      leaseMs: 2000,
      long: options.long ?? false,
      unsafe: {
        ...(noFence && { noFence }),
        ...(noRollForward && { noRollForward }),
        ...(noQueueLock && { noQueueLock }),
      },
      ...{ on: name, backends, seed, schedule },
    })
    reports.push(report)
    options.onRun?.(report, number)
    if (report.findings.length > 0) kept = true
    else if (!options.keep) await rm(report.folder, { recursive: true, force: true })
  }
  const lane = async (): Promise<void> => {
    await using backends = new LaneBackends(servers)
    while (goesOn(begun + 1)) await one(++begun, backends)
  }
  await Promise.all(Array.from({ length: options.atOnce ?? 1 }, lane))
  if (!kept) await rm(parent, { recursive: true, force: true })
  const clean = reports.every((report) => report.findings.length === 0)
  return {
    seed: options.seed,
    runs: reports,
    deaths: sum([...schedules.values()].map(({ deaths }) => Object.entries(deaths))),
    faults: sum(reports.map(({ blows }) => blows.faults.map((name) => [name, 1]))),
    missed: missed(),
    passed: clean && (missed().length === 0 || !enoughToReachAll),
  }
}

/** Whether another run like the longest so far would end in time. */
function inBudget(budgetMs: number | undefined, reports: readonly RunReport[]): () => boolean {
  const began = performance.now()
  return () => {
    if (budgetMs === undefined) return false
    const longest = Math.max(0, ...reports.map(({ seconds }) => seconds)) * 1000
    return performance.now() - began + longest <= budgetMs
  }
}

function sum(counts: readonly (readonly (readonly [string, number])[])[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const [name, count] of counts.flat()) total[name] = (total[name] ?? 0) + count
  return total
}
