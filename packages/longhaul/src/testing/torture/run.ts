import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { FaultPoint } from '../../support/fault-point.ts'
import { awaitEnds } from './await-ends.ts'
import { chaos, type Blows } from './chaos.ts'
import { clientsWork } from './clients-work.ts'
import {
  readEvidence,
  type AcknowledgedLine,
  type FaultLine,
  type LedgerLine,
  type PublicationLine,
  type StallLine,
} from './evidence.ts'
import type { BackendName, BackendsOfRun, TortureBackends } from './backends.ts'
import type { FaultSchedule } from './fault-schedule.ts'
import type { Finding } from './findings.ts'
import { Fleet } from './fleet.ts'
import { judgeAttempts, judgeLimit } from './judge-attempts.ts'
import { judgeJobs } from './judge-jobs.ts'
import { judgeLeftovers, judgePublications } from './judge-leftovers.ts'
import { markedProcesses } from './marked-processes.ts'
import { openData } from './opened-data.ts'
import { runFolder, type RunFolder } from './run-folder.ts'
import { seededRandom, type SeededRandom } from './seeded-random.ts'
import { runVariable, uploadKeepSeconds, type Unsafe } from './server-plan.ts'
import { TortureClient } from './torture-client.ts'

export interface RunOptions {
  readonly root: string
  readonly seed: number
  readonly jobs: number
  readonly leaseMs: number
  readonly on: BackendName
  readonly backends: TortureBackends
  readonly schedule: FaultSchedule
  readonly unsafe: Unsafe
  /** Faults may last 15 leases. */
  readonly long: boolean
}
export interface RunReport {
  readonly seed: number
  readonly on: BackendName
  readonly folder: string
  readonly seconds: number
  readonly findings: readonly Finding[]
  /** Jobs by the state they ended in. */
  readonly ends: Readonly<Record<string, number>>
  readonly attempts: number
  /** Servers that died at a fault point, and those that slept through their lease at one. */
  readonly deaths: number
  readonly sleeps: number
  readonly blows: Blows
}

const servers = 3
/** Chaos goes on a little after the last submission, so that late jobs suffer too. */
const afterworkMs = 1500
const quietMs = 45_000

/** One service, some seconds of chaos, then quiet, then judgement. Leaves no process behind, whatever happens. */
export async function tortureOnce(options: RunOptions): Promise<RunReport> {
  const { root, seed, leaseMs, schedule } = options
  const started = performance.now()
  const random = seededRandom(seed)
  const folder = runFolder(root)
  await mkdir(root, { recursive: true })
  await using backends = await options.backends.open({
    ...{ folder, seed, leaseMs, places: servers, long: options.long },
    isCalm: () => existsSync(folder.calm),
  })
  const fleet = startFleet(options, backends, random)
  const client = new TortureClient(
    () => (fleet.ready.length > 0 ? random.pick(fleet.ready).url : undefined),
    folder.acknowledged,
    random,
  )
  const findings: Finding[] = []
  let blows: Blows = { servers: 0, children: 0, freezes: 0, faults: [] }
  try {
    await fleet.whole(120_000)
    const enough = new AbortController()
    const { faults } = backends
    const striking = chaos(fleet, faults, folder.ledger, random, leaseMs, enough.signal)
    try {
      const hurry = options.unsafe.noQueueLock ?? false
      await clientsWork(client, random, seed, { jobs: options.jobs, hurry })
      await pause(afterworkMs)
    } finally {
      enough.abort()
      blows = await striking
    }
    await writeFile(folder.calm, '')
    findings.push(...(await quiet(fleet, client, folder, leaseMs)))
  } catch (error) {
    // A service that cannot be started or spoken to any more is a finding, and so is what it left.
    findings.push({ kind: 'lost', what: `the run broke off: ${(error as Error).message}` })
  } finally {
    client.close()
    await fleet.kill()
  }
  findings.push(...(await leftProcesses(root, () => false)))
  const { findings: judged, ends } = await judge(folder, fleet, backends, leaseMs)
  findings.push(...judged)

  const faults = readEvidence<FaultLine>(folder.faults)
  const died = faults.filter(({ action }) => action === 'die')
  for (const { point } of died) schedule.died(point)
  const attempts = readEvidence<LedgerLine>(folder.ledger).filter(({ what }) => what === 'start')
  return {
    ...{ seed, on: options.on, folder: root, findings, ends, blows },
    seconds: (performance.now() - started) / 1000,
    attempts: attempts.length,
    deaths: died.length,
    sleeps: faults.length - died.length,
  }
}

function startFleet(options: RunOptions, backends: BackendsOfRun, random: SeededRandom): Fleet {
  const { root, leaseMs, schedule, unsafe } = options
  // With the roll-forward switched off, die where it would have mattered: one output public, the others not yet.
  const points: readonly FaultPoint[] = unsafe.noRollForward
    ? ['worker.after-complete-output']
    : schedule.points
  return new Fleet({
    size: servers,
    runId: root,
    random,
    base: { folder: root, leaseMs, slots: 2, unsafe },
    configFor: (place) => backends.configFor(place),
    isWanted: (point) => schedule.missed.includes(point),
    // Without a fence, long enough for another attempt to have run and ended.
    sleepMs: leaseMs * (unsafe.noFence ? 2.5 : 1.5),
    nextFault: (serial) => {
      if (serial === 0) return schedule.nextSleep(random)
      // Without a fence, somebody must live to run again what the sleeper holds.
      return unsafe.noFence ? undefined : schedule.nextDeath(random, points)
    },
  })
}

/** Nothing is broken any more: everything must end, be cleaned up and stop. */
async function quiet(
  fleet: Fleet,
  client: TortureClient,
  folder: RunFolder,
  leaseMs: number,
): Promise<Finding[]> {
  await fleet.whole(120_000)
  const ids = readEvidence<AcknowledgedLine>(folder.acknowledged).map(({ job }) => job)
  const isAlive = (pid: number): boolean =>
    fleet.all.some((server) => server.pid === pid && server.alive)
  const findings = [...(await awaitEnds(client, ids, { folder, leaseMs, quietMs, isAlive }))]
  await pause(2 * leaseMs)
  findings.push(...(await leftProcesses(folder.root, (command) => command !== 'sleep 600')))
  if (!(await fleet.stop()))
    findings.push({ kind: 'leaked', what: 'a server did not stop when asked' })
  return findings
}

/** Processes that carry the mark of the run, other than those that may. */
async function leftProcesses(runId: string, mayLive: (command: string) => boolean) {
  const living = await markedProcesses(`${runVariable}=${runId}`)
  return living
    .filter(({ command }) => !mayLive(command))
    .map(({ pid, command }): Finding => {
      process.kill(pid, 'SIGKILL') // carries this run's mark, so it is ours; it has been counted
      return { kind: 'leaked', what: `process ${pid}: ${command}` }
    })
}

async function judge(folder: RunFolder, fleet: Fleet, backends: BackendsOfRun, leaseMs: number) {
  const ledger = readEvidence<LedgerLine>(folder.ledger)
  const stalls = readEvidence<StallLine>(folder.stalls)
  // As long as the servers do: whoever expires an upload also prolongs those that were fed within that time.
  await using data = await openData({ ...backends.config, leaseMs, uploadKeepSeconds })
  const excuses = [...fleet.excuses, ...stalls]
  const acknowledged = readEvidence<AcknowledgedLine>(folder.acknowledged)
  const jobs = await judgeJobs(acknowledged, ledger, data.engine, data.storage)
  return {
    ends: jobs.ends,
    findings: [
      ...jobs.findings,
      ...judgeAttempts(ledger, excuses),
      ...judgeLimit(ledger, excuses),
      ...judgePublications(readEvidence<PublicationLine>(folder.publications)),
      ...(await judgeLeftovers(data, backends.dataDirs)),
    ],
  }
}
