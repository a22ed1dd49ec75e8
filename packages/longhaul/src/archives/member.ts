/** One entry of an archive. The body of a file is read to its end before the next entry is asked for. */
export type Member =
  | { readonly kind: 'folder'; readonly name: string }
  | {
      readonly kind: 'file'
      readonly name: string
      /** As its header has it; what comes is compared with it. */
      readonly sizeBytes: number
      readonly body: AsyncIterable<Uint8Array>
    }

/** What reading an archive needs. */
export interface MemberSource {
  readonly key: string
  readonly sizeBytes: number
  readonly signal: AbortSignal
}
