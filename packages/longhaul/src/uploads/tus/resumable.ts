import type { Bytes } from '../../storage/index.ts'
import type { Uploads } from '../uploads.ts'

/** Stands in for what the sessions will offer. */
export interface ResumableUploads extends Pick<Uploads, 'abort' | 'complete'> {
  start(request: {
    readonly owner: string
    readonly files: readonly {
      readonly filename: string
      readonly mediaType?: string
      readonly sizeBytes?: number
      readonly partial?: boolean
      readonly resumable?: boolean
      readonly note?: string
    }[]
    readonly partBytes: number
    readonly baseUrl: string
  }): Promise<{ readonly files: readonly { readonly fileId: string }[] }>
  append(request: {
    readonly owner: string | 'everyone'
    readonly uploadId: string
    readonly offset: number
    readonly body: Bytes
    readonly whole?: boolean
    readonly signal?: AbortSignal
  }): Promise<{ readonly offset: number; readonly isComplete: boolean }>
  offsetOf(request: { readonly owner: string | 'everyone'; readonly uploadId: string }): Promise<{
    readonly offset: number
    readonly sizeBytes?: number
    readonly status: 'open' | 'completed'
    readonly expiresAt: Date
    readonly note?: string
    readonly sha256?: string
  }>
  declareSize(request: {
    readonly owner: string | 'everyone'
    readonly uploadId: string
    readonly sizeBytes: number
  }): Promise<void>
  concatenate(request: {
    readonly owner: string
    readonly uploadIds: readonly string[]
    readonly filename: string
    readonly mediaType?: string
    readonly note?: string
  }): Promise<{ readonly fileId: string }>
}
