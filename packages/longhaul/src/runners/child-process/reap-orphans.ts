import { readlinkSync, realpathSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { marksOf, type SupervisorMark } from './attempt-marks.ts'
import { signalProcess } from './kill-tree.ts'
import { isAlive, livingProcesses, readProcess } from './process-table.ts'

/**
 * Kills what a dead supervisor of this data directory left running: guards end its process groups, but a process in a
 * session of its own outlives them. One whose supervisor lives is that supervisor's affair; one whose attempt has a live
 * lease (`isLive`) is spared. Call it at the start, after dead workers' leases were ended. Answers the pids.
 */
export async function reapOrphans(
  dataDir: string,
  isLive: (attemptId: string) => boolean | Promise<boolean>,
): Promise<readonly number[]> {
  const killed: number[] = []
  for (let round = 0; round < 100; round++) {
    const orphans = await findOrphans(dataDir, isLive)
    if (orphans.length === 0) return killed
    for (const pid of orphans) {
      if (signalProcess(pid, 'SIGKILL') && !killed.includes(pid)) killed.push(pid)
    }
    await sleep(10)
  }
  return killed
}

/** The pids that `reapOrphans` would kill. */
export async function findOrphans(
  dataDir: string,
  isLive: (attemptId: string) => boolean | Promise<boolean>,
): Promise<readonly number[]> {
  const home = realpathSync(dataDir)
  const orphans: number[] = []
  for (const { pid } of livingProcesses()) {
    const marks = marksOf(pid)
    if (marks?.supervisor?.dataDir !== home) continue
    if (supervisorLives(marks.supervisor) || !sharesNamespace(pid)) continue
    if (marks.attemptId !== undefined && (await isLive(marks.attemptId))) continue
    orphans.push(pid)
  }
  return orphans
}

function supervisorLives({ pid, startTicks }: SupervisorMark): boolean {
  const entry = readProcess(pid)
  return isAlive(entry) && entry.startTicks === startTicks
}

/** Pids of a container inside mean nothing here: its supervisor may live under another number. */
function sharesNamespace(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) === readlinkSync('/proc/self/ns/pid')
  } catch {
    return true
  }
}
