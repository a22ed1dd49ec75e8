import { z } from 'zod'

/** One line of `GET /jobs/{id}/logs?format=json`. */
export const logLine = z.looseObject({
  at: z.string().nullable(),
  /** stdout, stderr, or log for what went through ctx.log. */
  source: z.string(),
  level: z.string().optional(),
  text: z.string(),
})
export type LogLine = z.infer<typeof logLine>
