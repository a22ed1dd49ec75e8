import { readFileSync } from 'node:fs'
import { readProcess } from './process-table.ts'

/**
 * Environment variables by which processes are found again, however far they wandered from their parent. Children
 * inherit them; only a program that clears its environment loses them.
 */
export const attemptVariable = 'LONGHAUL_ATTEMPT_ID'
const supervisorVariable = 'LONGHAUL_SUPERVISOR'
/** One value for each process that we start: a fork without exec keeps it, and cannot get an attempt's. */
export const processVariable = 'LONGHAUL_PROCESS_MARK'

/** Who started a process, and for which data directory. */
export interface SupervisorMark {
  readonly pid: number
  /** Clock ticks since boot: with the pid it names one process for ever. */
  readonly startTicks: number
  readonly dataDir: string
}

export function supervisorEnvironment(dataDir: string): Record<string, string> {
  const startTicks = readProcess(process.pid)?.startTicks ?? 0
  return { [supervisorVariable]: `${process.pid}:${startTicks}:${dataDir}` }
}

/** The marks of a process; undefined where it has none or is none of ours to read. */
export function marksOf(pid: number):
  | {
      readonly attemptId?: string
      readonly processMark?: string
      readonly supervisor?: SupervisorMark
    }
  | undefined {
  const environ = readEnviron(pid)
  if (environ === undefined) return undefined
  const attemptId = valueOf(environ, attemptVariable)
  const processMark = valueOf(environ, processVariable)
  const supervisor = /^(\d+):(\d+):(.+)$/s.exec(valueOf(environ, supervisorVariable) ?? '')
  return {
    ...(attemptId === undefined ? {} : { attemptId }),
    ...(processMark === undefined ? {} : { processMark }),
    ...(supervisor
      ? {
          supervisor: {
            pid: Number(supervisor[1]),
            startTicks: Number(supervisor[2]),
            dataDir: supervisor[3] ?? '',
          },
        }
      : {}),
  }
}

function readEnviron(pid: number): string | undefined {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`
  } catch {
    return undefined // gone, or another user's
  }
}

function valueOf(environ: string, name: string): string | undefined {
  const at = environ.indexOf(`\0${name}=`)
  if (at === -1) return undefined
  const start = at + name.length + 2
  const end = environ.indexOf('\0', start)
  return Buffer.from(environ.slice(start, end === -1 ? undefined : end), 'latin1').toString('utf8')
}
