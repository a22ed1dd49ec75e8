import type { ByteSource } from './byte-source.ts'

/** Remembers which upload a file had, so that a page that was closed, or a program that was killed, goes on with it. */
export interface UploadMemory {
  recall(serviceUrl: string, source: ByteSource): Promise<string | undefined>
  remember(serviceUrl: string, source: ByteSource, uploadId: string): Promise<void>
  forget(serviceUrl: string, source: ByteSource): Promise<void>
}

/** Where it cannot be kept (a full or forbidden storage), only the going on is lost. */
export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/**
 * In a browser's storage, by name, size and time of change. A source that does not tell when it changed is not remembered.
 *
 * @example createClient({ uploadMemory: storedUploads(localStorage) })
 */
export function storedUploads(storage: TextStorage): UploadMemory {
  return {
    recall: async (serviceUrl, source) => {
      if (identityOf(source) === undefined) return undefined
      try {
        return storage.getItem(noteOf(serviceUrl, source)) ?? undefined
      } catch {
        return undefined
      }
    },
    remember: async (serviceUrl, source, uploadId) => {
      if (identityOf(source) === undefined) return
      try {
        storage.setItem(noteOf(serviceUrl, source), uploadId)
      } catch {
        // full, or not allowed here
      }
    },
    forget: async (serviceUrl, source) => {
      try {
        storage.removeItem(noteOf(serviceUrl, source))
      } catch {
        // not allowed here: then there is none
      }
    },
  }
}

const noteOf = (serviceUrl: string, source: ByteSource): string =>
  `longhaul-upload ${serviceUrl} ${identityOf(source)}`

const identityOf = ({ identity, name, size, lastModified }: ByteSource): string | undefined =>
  identity ?? (lastModified === undefined ? undefined : JSON.stringify([name, size, lastModified]))
