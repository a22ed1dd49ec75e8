import { LonghaulError } from '../errors/index.ts'

// Primary result codes of SQLite; the extended code carries one of them in its low byte.
const BUSY = 5
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14

const primaryCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined

export const isBusy = (error: unknown): boolean => primaryCode(error) === BUSY

export const isFull = (error: unknown): boolean => primaryCode(error) === FULL

/** An error of SQLite as one of ours where a caller can act on it; anything else stays what it was. */
export function fromSqliteError(error: unknown): unknown {
  switch (primaryCode(error)) {
    case BUSY:
      return new LonghaulError(
        'unavailable',
        'Another process holds the database for too long; try again.',
        { cause: error },
      )
    case FULL:
      return new LonghaulError('insufficient-storage', 'The disk of the database is full.', {
        cause: error,
      })
    case READONLY:
    case IOERR:
    case CORRUPT:
    case CANTOPEN:
      return new LonghaulError('unavailable', 'The database file cannot be read or written.', {
        cause: error,
      })
    default:
      return error
  }
}
