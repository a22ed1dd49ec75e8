import { readFileSync, writeFileSync } from 'node:fs'
import type { RunUsage } from '../runner.ts'
import { familyOf, readProcess, type ProcessEntry } from './process-table.ts'

export interface UsageWatch {
  /** Ends the watch; what the attempt took. */
  stop(): RunUsage
}

const everyMs = 500
/** Where there is a limit: a program that runs wild takes a gigabyte in a second. */
const limitedEveryMs = 100

/**
 * Measures an attempt's process and its children. A second of CPU time is a sign of life; more memory than allowed is
 * told once. Looked at is the sum of what each holds; only where that is over the limit, what they share is counted once.
 */
export function watchUsage(
  pid: number,
  options: {
    readonly memoryBytes: number | undefined
    readonly onAlive: () => void
    readonly onTooMuchMemory: (bytes: number) => void
  },
): UsageWatch {
  resetPeak(pid)
  const cpuAtStart = readProcess(pid)?.cpuMs
  let cpuSeen = cpuAtStart ?? 0
  let cpuNewest = cpuAtStart
  let peakRssBytes = 0
  let told = false
  const intervalMs = options.memoryBytes === undefined ? everyMs : limitedEveryMs
  const timer = setInterval(() => {
    const family = familyOf(pid)
    const rssBytes = family.reduce((sum, entry) => sum + entry.rssBytes, 0)
    peakRssBytes = Math.max(peakRssBytes, rssBytes)
    const cpuMs = family.reduce((sum, entry) => sum + entry.cpuMs, 0)
    if (family.length > 0) cpuNewest = cpuMs
    if (cpuMs - cpuSeen >= 1000 || cpuMs < cpuSeen) {
      cpuSeen = cpuMs
      options.onAlive()
    }
    if (options.memoryBytes !== undefined && rssBytes > options.memoryBytes && !told) {
      const ownBytes = family.reduce((sum, entry) => sum + proportionalBytes(entry), 0)
      if (ownBytes <= options.memoryBytes) return
      told = true
      options.onTooMuchMemory(ownBytes)
    }
  }, intervalMs).unref()
  return {
    stop: () => {
      clearInterval(timer)
      const cpuAtEnd = readProcess(pid)?.cpuMs ?? cpuNewest
      const peak = Math.max(peakRssBytes, peakOf(pid) ?? 0)
      return {
        ...(cpuAtStart === undefined || cpuAtEnd === undefined
          ? {}
          : { cpuMs: Math.max(0, cpuAtEnd - cpuAtStart) }),
        ...(peak === 0 ? {} : { peakRssBytes: peak }),
      }
    },
  }
}

/** The kernel keeps a process's highest memory; a warm child's must not be that of an earlier attempt. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // not Linux, or not ours: the peak is that of the process's whole life
  }
}

function peakOf(pid: number): number | undefined {
  try {
    const kB = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kB === undefined ? undefined : Number(kB) * 1024
  } catch {
    return undefined
  }
}

/** Pages that several processes share count for each in part: a pool of forked workers is not its memory times their number. */
function proportionalBytes({ pid, rssBytes }: ProcessEntry): number {
  try {
    const kB = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
    return kB === undefined ? rssBytes : Number(kB) * 1024
  } catch {
    return rssBytes // gone meanwhile, or another user's
  }
}
