import type { z } from 'zod'
import { invalidRequest } from './invalid-request.ts'
import { detailsOf } from './zod-details.ts'

export type Place = 'body' | 'query' | 'path' | 'header'

/** The value as the schema understands it, or a 422. `null` and an absent body are the same: nothing was sent. */
export function parseRequest<Schema extends z.ZodType>(
  schema: Schema,
  data: unknown,
  place: Place,
): z.output<Schema> {
  const result = schema.safeParse(data ?? undefined)
  if (result.success) return result.data
  throw invalidRequest(detailsOf(result.error.issues, place, data ?? undefined))
}
