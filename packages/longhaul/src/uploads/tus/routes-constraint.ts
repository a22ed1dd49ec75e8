import type { FastifyInstance } from 'fastify'

/** A route with `constraints: speaksTus` is for requests with a `Tus-Resumable` header, whatever version it names. */
export const speaksTus = { tus: 'spoken' } as const

/** Two protocols share the URLs of uploads; the header tells them apart. Once, before the first route that needs it. */
export function tellTusApart(app: FastifyInstance): void {
  if (app.hasConstraintStrategy('tus')) return
  app.addConstraintStrategy({
    name: 'tus',
    storage() {
      const handlers = new Map<unknown, never>()
      return {
        get: (value) => handlers.get(value) ?? null,
        set: (value, handler) => void handlers.set(value, handler as never),
      }
    },
    deriveConstraint: ({ headers }) =>
      headers['tus-resumable'] === undefined ? undefined : speaksTus.tus,
    // Every other route answers clients that send the header, too.
    mustMatchWhenDerived: false,
    validate() {},
  })
}
