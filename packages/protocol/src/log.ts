import { z } from 'zod'
import { jsonObject, timestamp } from './primitives.ts'

/** One line of `GET /jobs/{id}/logs?format=json`. */
export const logLine = z.object({
  at: timestamp.nullable(),
  /** `log` is what went through ctx.log, `longhaul` the supervisor's own word. */
  from: z.string(),
  text: z.string(),
  level: z.string().optional(),
  fields: jsonObject.optional(),
  /** Bytes that were dropped here: of a very long log the beginning and the end are kept. */
  gap_bytes: z.int().optional(),
})
export type LogLine = z.infer<typeof logLine>
