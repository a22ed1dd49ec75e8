import { z } from 'zod'

/** One reason of a 422, as clients of FastAPI services read it. */
export const validationDetail = z.looseObject({
  type: z.string(),
  loc: z.array(z.union([z.string(), z.number()])),
  msg: z.string(),
  input: z.unknown().optional(),
  ctx: z.record(z.string(), z.unknown()).optional(),
})
export type ValidationDetail = z.infer<typeof validationDetail>

/** One reason of a 422: a JSON pointer into the body, or the name of a query parameter. */
export const fieldError = z.object({
  pointer: z.string().optional(),
  parameter: z.string().optional(),
  detail: z.string(),
})
export type FieldError = z.infer<typeof fieldError>

/**
 * Body of every error answer: RFC 9457 problem details, plus what clients of older services read. `detail` is a sentence,
 * except in a 422, where it is a list and `errors` says the same with JSON pointers.
 */
export const problemDocument = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.union([z.string(), z.array(validationDetail)]),
    code: z.string(),
    error: z.string(),
    request_id: z.string(),
    instance: z.string(),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: 'Problem' })
export type ProblemDocument = z.infer<typeof problemDocument>
