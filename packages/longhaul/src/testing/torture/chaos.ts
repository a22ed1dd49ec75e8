import { setTimeout as pause } from 'node:timers/promises'
import { readEvidence, type LedgerLine } from './evidence.ts'
import type { BackendFault } from './backends.ts'
import type { Fleet } from './fleet.ts'
import { isChildOf } from './marked-processes.ts'
import type { SeededRandom } from './seeded-random.ts'

export interface Blows {
  servers: number
  children: number
  freezes: number
  /** Faults of database, store and network, in order. */
  readonly faults: string[]
}

/** Strikes at the fleet at random moments until the signal says enough. Answers how often. */
export async function chaos(
  fleet: Fleet,
  faults: readonly BackendFault[],
  ledgerFile: string,
  random: SeededRandom,
  leaseMs: number,
  enough: AbortSignal,
): Promise<Blows> {
  const blows: Blows = { servers: 0, children: 0, freezes: 0, faults: [] }
  const lasting: Promise<void>[] = []
  const faulty = breakSomething(random, faults, blows.faults, enough)
  while (!enough.aborted) {
    await pause(random.between(100, 500))
    const [server] = fleet.targets.toSorted(() => random.next() - 0.5)
    const roll = random.next()
    if (enough.aborted) break
    if (server && roll < 0.12) {
      blows.servers++
      await server.kill()
    } else if (roll < 0.55) {
      if (await killRunningChild(fleet, ledgerFile, random)) blows.children++
    } else if (server && roll < 0.62) {
      blows.freezes++
      lasting.push(server.freeze(random.between(leaseMs * 0.5, leaseMs * 1.6)))
    }
  }
  await Promise.all([...lasting, faulty])
  return blows
}

/** Once a run: most of these take seconds in which nobody can work. */
async function breakSomething(
  random: SeededRandom,
  faults: readonly BackendFault[],
  struck: string[],
  enough: AbortSignal,
): Promise<void> {
  await pause(random.between(500, 2500), undefined, { signal: enough }).catch(() => undefined)
  const fault = random.pick(faults)
  struck.push(fault.name)
  await fault.strike(random)
}

/** The ledger says who runs; the parent is asked again just before, because process ids are used anew. */
async function killRunningChild(
  fleet: Fleet,
  ledgerFile: string,
  random: SeededRandom,
): Promise<boolean> {
  const running = new Map<string, LedgerLine>()
  for (const line of readEvidence<LedgerLine>(ledgerFile)) {
    const key = `${line.job}.${line.attempt}`
    if (line.what === 'end') running.delete(key)
    else running.set(key, line)
  }
  const servers = new Set(fleet.ready.map((server) => server.pid))
  const candidates = [...running.values()].filter(
    (line) => servers.has(line.server) && Date.now() - line.at < 500,
  )
  if (candidates.length === 0) return false
  const victim = random.pick(candidates)
  if (!(await isChildOf(victim.pid, victim.server))) return false
  try {
    process.kill(victim.pid, 'SIGKILL')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false // it ended in this very moment
    throw error
  }
}
