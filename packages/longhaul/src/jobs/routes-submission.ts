import multipart from '@fastify/multipart'
import {
  callableSubmission,
  callableSubmitted,
  jobSubmission,
  jobView,
  manifestSubmission,
  manifestSubmitted,
  type CallableSubmitted,
  type ManifestSubmitted,
} from '@longhaul/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Runner } from '../runners/runner.ts'
import { defaultWaitSeconds, preferredWaitSeconds } from './http-preferences.ts'
import { isTerminal, type Job } from './job.ts'
import type { JobWatch } from './job-watch.ts'
import { submissionQuery } from './parse-submission.ts'
import { iso, nativeJob, systemAStatus } from './projections/index.ts'
import { errorOfJob, onlyOutput } from './result-reply.ts'
import { sendOutput } from './routes-output-bytes.ts'
import { submitRequest } from './routes-submit-request.ts'

export interface SubmissionRoutesOptions {
  readonly services: Services
  readonly watch: JobWatch
  /** Answers a request that asks for a call of a callable; undefined: it asks for something else. */
  readonly call?:
    | ((request: FastifyRequest, reply: FastifyReply) => Promise<CallableSubmitted | undefined>)
    | undefined
}

/** Described here, checked in parse-submission: which schema holds is told by the body's keys, and forms have none. */
const submissionRoute = {
  schema: {
    tags: ['jobs', 'system A', 'system B', 'system D'],
    summary: 'Submit a job, for the only processor or the one that is named; or call a callable',
    querystring: submissionQuery,
    body: z.union([jobSubmission, manifestSubmission, callableSubmission]),
    response: {
      200: z.union([callableSubmitted, manifestSubmitted]),
      201: z.union([jobView, callableSubmitted]),
    },
  },
  validatorCompiler: () => (data: unknown) => ({ value: data }),
}

/** `POST …/jobs` and, below a processor, `POST …/run`: as JSON, as a form with files, as a form of text. */
export const submissionRoutes: FastifyPluginAsyncZod<SubmissionRoutesOptions> = async (
  app,
  { services, watch, call },
) => {
  const unlimited = Number.MAX_SAFE_INTEGER // read-form counts the bytes of all files together
  await app.register(multipart, {
    preservePath: true, // read-form decides what a name is
    limits: { fileSize: unlimited, fieldSize: 1024 * 1024, fields: 1000, parts: 10_000 },
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )

  app.post('/jobs', submissionRoute, async (request, reply) => {
    const called = await call?.(request, reply)
    if (called !== undefined) return reply.send(called)
    const { job, created, reused } = await submitRequest(services, request)
    void reply.header('location', `/jobs/${job.id}`)
    // Found by a native request, whoever made it.
    if (reused) return reply.header('longhaul-reused', 'true').send({ ...nativeJob(job), reused })
    if (job.kind === 'batch') return reply.code(200).send(manifestReply(job))
    return reply.code(created ? 201 : 200).send(nativeJob(job))
  })

  if (app.prefix === '') return
  app.post('/run', { schema: { hide: true }, config: { waits: true } }, async (request, reply) => {
    const preferred = preferredWaitSeconds(request.headers['prefer'])
    if (preferred) void reply.header('preference-applied', preferred.applied)
    const { job, created, reused } = await submitRequest(services, request, refuseBroken)
    if (reused) void reply.header('longhaul-reused', 'true')
    const waitMs = (preferred?.seconds ?? defaultWaitSeconds) * 1000
    const ended = isTerminal(job.state)
      ? job
      : await watch.waitForEnd(job.id, waitMs, { fresh: created })
    return answerRun(services, request, reply, ended ?? job)
  })
}

async function answerRun(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  job: Job,
): Promise<FastifyReply> {
  void reply.header('longhaul-job-id', job.id)
  if (!isTerminal(job.state)) {
    void reply.headers({ location: `/jobs/${job.id}`, 'retry-after': '5' })
    return reply.code(202).send(nativeJob(job))
  }
  if (job.state !== 'completed') throw errorOfJob(job)
  const output = onlyOutput(job)
  return output ? sendOutput(services, request, reply, output) : reply.send(nativeJob(job))
}

/** Clients of system A know only these two words here, also for a job that an idempotency key brought back. */
const manifestReply = (job: Job): ManifestSubmitted => ({
  job_id: job.id,
  status: systemAStatus(job) === 'queued' ? 'queued' : 'processing',
  created_at: iso(job.createdAt),
})

/** A caller who waits should hear at once what a job in the queue can wait for. */
function refuseBroken(runner: Runner): void {
  const state = runner.state()
  if (state.kind !== 'broken') return
  const { detail } = state.problem
  throw new LonghaulError(
    'processor-not-ready',
    `${runner.description.name} is not ready: ${detail}`,
  )
}
