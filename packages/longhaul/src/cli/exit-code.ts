import { isServiceError, ServiceError, UnreachableError } from '@longhaul/client'
import type { JobStatus } from '@longhaul/protocol'
import { isLonghaulError } from '../errors/index.ts'

/** What a command ends with. Scripts branch on these: never renumber. */
export const exitCode = {
  /** Everything was done, every job completed. */
  done: 0,
  failed: 1,
  usage: 2,
  /** Some items failed, some did not. */
  someFailed: 3,
  cancelled: 4,
  /** The service said no: key, quota, unknown job, input it does not take. */
  refused: 5,
  /** No answer from the service, after every try. */
  unreachable: 69,
  /** `--deadline` has passed; the work goes on. */
  deadline: 124,
  /** Ctrl-C: this command ended, the work goes on. */
  detached: 130,
} as const
export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** The words on the command line make no sense; `command` is whose help explains them. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}
/** Why a signal was aborted: by Ctrl-C or SIGTERM, or by `--deadline`. */
export class Interrupted extends Error {
  override name = 'Interrupted'
  readonly by: 'SIGINT' | 'SIGTERM'

  constructor(message: string, by: Interrupted['by'] = 'SIGINT') {
    super(message)
    this.by = by
  }
}
export class DeadlinePassed extends Error {
  override name = 'DeadlinePassed'
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || isLonghaulError(error, 'invalid-config')) return exitCode.usage
  if (error instanceof Interrupted) return exitCode.detached
  if (error instanceof DeadlinePassed) return exitCode.deadline
  if (error instanceof UnreachableError) return exitCode.unreachable
  if (isServiceError(error)) return serviceExitCode(error)
  return exitCode.failed
}

function serviceExitCode(error: ServiceError): ExitCode {
  if (error.status < 500 || error.status === 507) return exitCode.refused
  // A proxy's 502 without a word of longhaul's is a service that is not there.
  if (error.code === 'unknown' && [502, 503, 504].includes(error.status))
    return exitCode.unreachable
  return error.status === 503 ? exitCode.refused : exitCode.failed
}

/** One code for all jobs of a command. */
export function exitCodeOfJobs(statuses: readonly JobStatus[]): ExitCode {
  if (statuses.every((status) => status === 'completed')) return exitCode.done
  if (statuses.some((status) => status === 'completed')) return exitCode.someFailed
  return statuses.every((status) => status === 'cancelled') ? exitCode.cancelled : exitCode.failed
}
