import type { Body } from './connection.ts'

/** Bytes to upload. A browser's `File` is one; `fileSource` of `@longhaul/client/node` makes one of a path. */
export interface ByteSource {
  readonly name: string
  readonly size: number
  readonly type?: string
  /** Tells this version of this file from any other, where that can be told: what an UploadMemory goes by. */
  readonly identity?: string
  /** Of a browser's `File`; with name and size, its identity. */
  readonly lastModified?: number
  /** Bytes from `start` up to, not including, `end`. Asked again for the same range when a part is sent again. */
  slice(start: number, end: number): Body
  /** SHA-256 (hex) of the whole, where it can be had: compared with what the service stored. */
  sha256?(signal?: AbortSignal): Promise<string>
}
