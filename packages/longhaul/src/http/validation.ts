import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'
import type { z } from 'zod'
import { parseRequest, type Place } from '../validation/index.ts'

const places: Record<string, Place> = { querystring: 'query', params: 'path', headers: 'header' }

/** Requests are checked by the zod schema of their route. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart = 'body' }) =>
  (data: unknown) => {
    try {
      return { value: parseRequest(schema, data, places[httpPart] ?? 'body') }
    } catch (error) {
      return { error: error as Error }
    }
  }

/**
 * Answers are built by code whose types are the schemas', so checking them again for every request would only cost
 * time; tests hold them against the schemas.
 */
export const serializerCompiler = () => (data: unknown) => JSON.stringify(data)

/** Both for a whole server from its start: without it Fastify loads its own two, with a copy of Ajv each. */
export const schemaController: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: {
    buildValidator: () => validatorCompiler as never, // the type knows Ajv's only
    buildSerializer: () => serializerCompiler,
  },
}
