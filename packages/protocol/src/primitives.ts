import { z } from 'zod'

/** RFC 3339, always UTC with a Z. */
export const timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC with Z' })

/** Anything JSON can say. */
export const json = z.json().register(z.globalRegistry, { id: 'Json' })
export const jsonObject = z.record(z.string(), json)

/** Opaque: compare, never take apart. */
export const jobId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/)
  .meta({ description: 'Opaque job id' })

export const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256, lower-case hex' })
