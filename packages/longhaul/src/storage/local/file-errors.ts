import { LonghaulError, isLonghaulError } from '../../errors/index.ts'

export const codeOf = (error: unknown): string | undefined =>
  (error as NodeJS.ErrnoException | undefined)?.code

/** Nothing lies there: neither the name, nor a folder on the way to it. */
export const isMissing = (error: unknown): boolean =>
  codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'

/** Foreign errors get a name at the adapter's edge; what has none stays as it is and becomes `internal`. */
export function toStorageError(error: unknown): unknown {
  if (isLonghaulError(error)) return error
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new LonghaulError(
        'insufficient-storage',
        'The disk of the store is full. Free some room, then send the same request again.',
        { cause: error },
      )
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
    case 'EMFILE':
    case 'ENFILE':
    case 'EIO':
      return new LonghaulError(
        'unavailable',
        `The store cannot be used now (${codeOf(error)}). The operator finds the cause in the service log.`,
        { cause: error },
      )
    default:
      return error
  }
}

/** Runs a step of the local store and names its errors. */
export async function namingErrors<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw toStorageError(error)
  }
}
