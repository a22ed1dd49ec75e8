import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { WorkerInfo } from '../jobs/engine.ts'

/** Boot id: a pid means nothing after a reboot. Empty where the system has none. */
const bootId = (): string => readText('/proc/sys/kernel/random/boot_id')

/** Start time of a process in clock ticks since boot, so that a reused pid is not taken for the old process. */
function startTicks(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  // The command may hold blanks and parentheses; field 22 is the 20th after the last ')'.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

export function thisWorker(slots: number): WorkerInfo {
  const { pid } = process
  return {
    id: `${hostname()}:${pid}:${startTicks(pid)}`,
    host: hostname(),
    bootId: bootId(),
    pid,
    slots,
  }
}

/** Of a worker row of this host only. */
export function isWorkerAlive(worker: Pick<WorkerInfo, 'id' | 'bootId' | 'pid'>): boolean {
  if (worker.bootId !== bootId()) return false
  try {
    process.kill(worker.pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const started = worker.id.split(':').at(-1)
  return started === '' || startTicks(worker.pid) === started
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
