import type { MultipartUploads } from '../object-store.ts'

export type Limits = MultipartUploads['limits']

/** What one store can do. Stores that speak S3 differ, and do not say so. */
export interface Capabilities {
  readonly limits: Limits
  /** What one request may copy; larger objects are copied in parts. */
  readonly maxCopyBytes: number
  /** What one request may list or delete. */
  readonly maxPage: number
  /** Size of the pieces that `put` holds in memory. */
  readonly pieceBytes: number
  /** Whether it keeps SHA-256 checksums; learnt with the first object that is stored. */
  checksums: boolean | undefined
}

const MiB = 1024 * 1024
const GiB = 1024 * MiB

/** Amazon's own limits, which most have; and those of the stores that are known to have others. */
export function limitsOf(endpoint: string): Limits {
  const { hostname } = new URL(endpoint)
  return {
    minPartBytes: 5 * MiB,
    maxPartBytes: 5 * GiB,
    maxParts: hostname.endsWith('.scw.cloud') ? 1000 : 10_000,
    equalParts: hostname.endsWith('.r2.cloudflarestorage.com'),
  }
}

export const capabilitiesOf = (
  endpoint: string,
  known: Partial<Omit<Capabilities, 'limits'>> & { readonly limits?: Partial<Limits> } = {},
): Capabilities => ({
  maxCopyBytes: 5 * GiB,
  maxPage: 1000,
  pieceBytes: 8 * MiB,
  checksums: undefined,
  ...known,
  limits: { ...limitsOf(endpoint), ...known.limits },
})
