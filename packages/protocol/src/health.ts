import { z } from 'zod'
import { timestamp } from './primitives.ts'

/** `GET /health`: the process is alive. Says nothing about what it depends on; see readiness. */
export const health = z.object({
  status: z.literal('healthy'),
  name: z.string(),
  version: z.string(),
  active_jobs: z.int(),
  timestamp,
  upload_type: z.literal('unified').optional(),
  large_file_threshold_mb: z.number().optional(),
  max_file_size_tb: z.number().optional(),
})
export type Health = z.infer<typeof health>

const check = z.object({ ok: z.boolean(), detail: z.string().optional() })

/** `GET /health/ready`: 200 when every check is ok, else 503. */
export const readiness = z.object({
  status: z.enum(['ready', 'not-ready']),
  checks: z.record(z.string(), check),
})
export type Readiness = z.infer<typeof readiness>
