import {
  callableList,
  callableSubmitted,
  taskSubmission,
  type CallableSubmitted,
  type CallableView,
} from '@longhaul/protocol'
import path from 'node:path'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Services } from '../app/services.ts'
import { iso, publicProblem, systemDStatus } from '../jobs/index.ts'
import { isCalled } from './callable-sources.ts'
import { listedCallables, type Listed } from './listed.ts'
import { submitCall, submitTask, type SubmittedCall } from './submit-call.ts'

const run = {
  schema: {
    tags: ['callables', 'system D'],
    summary: 'Call what the operator lists under this name',
    body: taskSubmission,
    response: { 200: callableSubmitted, 201: callableSubmitted },
  },
  // Checked where it is read: without a body, nothing is said.
  validatorCompiler: () => (data: unknown) => ({ value: data }),
}

/** `/run/{task}`, and what there is to run. */
export const callableRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/callables',
    {
      schema: {
        tags: ['callables'],
        summary: 'What the operator lists: names, entrypoints, and whether they could be loaded',
        response: { 200: callableList },
      },
    },
    async () => {
      const { entrypoint } = services.config.callables
      return { callables: listedCallables(services).map((one) => viewOf(one, entrypoint)) }
    },
  )

  app.post('/run/:task', run, async (request, reply) => {
    const { task } = request.params as { task: string }
    const submitted = await submitTask(services, request, task)
    return reply.code(submitted.created ? 201 : 200).send(callReply(services, submitted))
  })
  app.post('/run', { ...run, schema: { hide: true } }, async (request, reply) => {
    const submitted = await submitTask(services, request, undefined)
    return reply.code(submitted.created ? 201 : 200).send(callReply(services, submitted))
  })
}

/** `POST /jobs`, as far as it is system D's. */
export const callRoute =
  (services: Services) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<CallableSubmitted | undefined> => {
    const submitted = await submitCall(services, request)
    if (submitted === undefined) return undefined
    void reply.code(submitted.created ? 201 : 200).header('location', `/jobs/${submitted.job.id}`)
    return callReply(services, submitted)
  }

/** What system D answers to a submission; no path of this machine but the run directory's own. */
const callReply = (
  { config }: Pick<Services, 'config'>,
  { job }: SubmittedCall,
): CallableSubmitted => ({
  job_id: job.id,
  status: systemDStatus(job),
  created_at: iso(job.createdAt),
  status_file: `${path.basename(config.callables.runsDir)}/${job.id}/status.json`,
})

function viewOf({ name, entrypoint, runner, detail }: Listed, set?: string): CallableView {
  const state = runner?.state()
  const problem = state?.kind === 'broken' ? publicProblem(state.problem).detail : (detail ?? null)
  return {
    name,
    entrypoint,
    description: runner?.description.description ?? '',
    runtime: runner?.description.runtime ?? null,
    state: state?.kind ?? 'broken',
    error: problem,
    is_default: set !== undefined && isCalled({ name, entrypoint }, set),
    run: `/run/${encodeURIComponent(name)}`,
  }
}
