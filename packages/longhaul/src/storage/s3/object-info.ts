import type { ObjectInfo } from '../object-store.ts'
import { quoted } from '../named-parts.ts'

/** Where an object keeps its SHA-256: what put it knew it, and no ETag of S3 tells. */
export const sha256Field = 'longhaul-sha256'

/** What HEAD and GET of S3 have in common. */
interface Described {
  readonly ETag?: string | undefined
  readonly LastModified?: Date | undefined
  readonly ContentType?: string | undefined
  readonly Metadata?: Record<string, string> | undefined
}

export function objectInfo(key: string, size: number, described: Described): ObjectInfo {
  const sha256 = described.Metadata?.[sha256Field]
  return {
    key,
    size,
    etag: quoted(described.ETag ?? ''),
    lastModified: described.LastModified ?? new Date(0),
    mediaType: described.ContentType ?? 'application/octet-stream',
    ...(sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256) && { sha256 }),
  }
}
