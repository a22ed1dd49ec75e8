import { fastify } from 'fastify'
import { expect, it } from 'vitest'
import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import { serializerCompiler, validatorCompiler } from '../http/validation.ts'
import type { EventStreams } from './event-streams.ts'
import { jobForTest } from './job-for-test.fixture.ts'
import { eventRoutes } from './routes-events.ts'

it('refuses the 2,001st stream, and says when to come back', async () => {
  const app = fastify()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  let facts: unknown
  app.setErrorHandler((error, _request, reply) => {
    if (isLonghaulError(error, 'unavailable')) facts = error.facts
    return reply.code(isLonghaulError(error) ? error.status : 500).send()
  })
  const services = { engine: { get: async () => [jobForTest({ state: 'running' })] } }
  const streams: EventStreams = {
    size: 2000,
    open: () => expect.unreachable(),
    stop: () => undefined,
  }
  await app.register(eventRoutes, { services: services as unknown as Services, streams })
  const answer = await app.inject('/jobs/j_1/events')
  expect(answer.statusCode).toBe(503)
  expect(facts).toEqual({ retry_after_seconds: 10 })
  await app.close()
})
