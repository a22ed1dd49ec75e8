import { outputList } from '@longhaul/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { findJob } from './find-job.ts'
import type { Job, JobOutput } from './job.ts'
import { nativeOutput } from './projections/index.ts'
import { errorOfJob } from './result-reply.ts'
import { sendOutput } from './routes-output-bytes.ts'

/** What a job made: the list, the bytes of each, and what the processor returned. */
export const outputRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/jobs/:id/outputs',
    { schema: { tags: ['jobs'], summary: 'Published outputs', response: { 200: outputList } } },
    async (request) => {
      const job = await findJob(services, request)
      const outputs = (job.result?.outputs ?? []).map((output) => nativeOutput(job.id, output))
      return { job_id: job.id, outputs }
    },
  )

  const send = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const job = await findJob(services, request)
    const { '*': name } = request.params as { '*': string }
    return sendOutput(services, request, reply, outputNamed(job, name))
  }
  // Fastify's own HEAD would read the whole object to throw it away.
  app.get(
    '/jobs/:id/outputs/*',
    {
      exposeHeadRoute: false,
      config: { waits: true },
      schema: { tags: ['jobs'], summary: "One output's bytes, by its name or field; takes Range" },
    },
    send,
  )
  app.head('/jobs/:id/outputs/*', { schema: { hide: true } }, send)

  app.get(
    '/jobs/:id/result',
    {
      schema: {
        tags: ['jobs'],
        summary: 'What the processor returned',
        response: { 200: z.unknown() },
      },
    },
    async (request, reply) => {
      const job = await findJob(services, request)
      if (job.state !== 'completed') throw errorOfJob(job)
      return reply.type('application/json').send(JSON.stringify(job.result?.value ?? null))
    },
  )
}

/** A name wins over a field of the same word. */
function outputNamed(job: Job, name: string): JobOutput {
  const outputs = job.result?.outputs ?? []
  const named = outputs.find((output) => output.name === name)
  if (named) return named
  const [first, ...others] = outputs.filter(({ field }) => field === name)
  if (first && others.length === 0) return first
  const known = outputs.map((output) => output.name)
  throw new LonghaulError(
    'output-not-found',
    first
      ? `${name} has ${others.length + 1} outputs; ask for one of ${known.join(', ')}.`
      : known.length > 0
        ? `Job ${job.id} has no output ${name}; it has ${known.slice(0, 20).join(', ')}.`
        : `Job ${job.id} is ${job.state} and has no outputs.`,
  )
}
