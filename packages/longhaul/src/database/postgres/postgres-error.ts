import { LonghaulError } from '../../errors/index.ts'

/** SQLSTATE of an error that the server sent, or the code of a system call that failed. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Somebody else was faster, or a row we expected free was taken meanwhile: the same work may simply be done again. */
const again = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '23505', // unique_violation: seen by a look that the retry repeats
])
export const isWorthRepeating = (error: unknown): boolean => again.has(codeOf(error) ?? '')

/**
 * A newer version has changed a table that statements of this connection, once prepared, read whole. Another connection
 * prepares them anew.
 */
export const isOutdated = (error: unknown): boolean =>
  codeOf(error) === '0A000' && (error as { routine?: unknown }).routine === 'RevalidateCachedQuery'

const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // the unix socket is not there while the server restarts
])
const connectionMessages =
  /Connection terminated|connection error|timeout exceeded when trying to connect|Query read timeout|Client was closed|Cannot use a pool after/i

/** The line to the server is gone, or the server sent us away: another connection may do better. */
export function isDisconnected(error: unknown): boolean {
  const code = codeOf(error)
  if (code === undefined) return error instanceof Error && connectionMessages.test(error.message)
  return (
    systemCodes.has(code) ||
    (code.startsWith('08') && code !== '08P01') || // connection exceptions; 08P01 is our own mistake
    ['57P01', '57P02', '57P03', '25P03'].includes(code) || // shut down, crashed, starting, idle in transaction
    code === '53300' // too many connections
  )
}

/** An error of PostgreSQL as one of ours where a caller can act on it; anything else stays what it was. */
export function fromPostgresError(error: unknown): unknown {
  const code = codeOf(error)
  if (isDisconnected(error))
    return new LonghaulError('unavailable', 'The database does not answer; try again.', {
      cause: error,
    })
  switch (code) {
    case '25006': // read_only_sql_transaction
      return new LonghaulError('unavailable', 'The database is read-only at present.', {
        cause: error,
      })
    case '53100': // disk_full
      return new LonghaulError('insufficient-storage', 'The disk of the database is full.', {
        cause: error,
      })
    case '22021': // character_not_in_repertoire: NUL, which PostgreSQL's text cannot hold
      return new LonghaulError(
        'invalid-request',
        'Text with the character NUL (U+0000) cannot be stored.',
        { cause: error },
      )
    case '40001':
    case '40P01':
    case '55P03': // lock_not_available
    case '57014': // query_canceled
      return new LonghaulError('unavailable', 'The database is too busy; try again.', {
        cause: error,
      })
    case '53000':
    case '53200': // out_of_memory
    case '58030': // io_error
    case 'XX001': // data_corrupted
    case 'XX002':
      return new LonghaulError('unavailable', 'The database cannot read or write its files.', {
        cause: error,
      })
    default:
      return error
  }
}
