import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import {
  formParts,
  nativeJob,
  prefersAsync,
  processorFor,
  submitInput,
  type FormPart,
} from '../jobs/index.ts'
import type { ActionDescription } from '../processor/index.ts'
import type { ActionRunner, Runner } from '../runners/index.ts'
import { RateLimit } from './rate-limit.ts'
import { openFilesFolder } from './files-folder.ts'
import { readCall, stageInput, type CallRequest, type ReadCall } from './read-call.ts'
import { sendAnswer } from './routes-answer.ts'
import { actionUrls, checkActionPaths, type ServedAction } from './served-actions.ts'
import { CallFiles } from './stage-files.ts'

export interface ActionRoutesOptions {
  readonly services: Services
  /** What is served beside them; asked when the server is complete. */
  readonly core: () => readonly { readonly url: string; readonly methods: readonly string[] }[]
}

interface Called {
  readonly runner: Runner
  readonly actions: ActionRunner
  readonly action: ActionDescription
}

/** Every path of every action. Which code answers is looked up at each call: a file that was loaded again answers anew. */
export const actionRoutes: FastifyPluginAsync<ActionRoutesOptions> = async (
  app,
  { services, core },
) => {
  const runners = [...services.runners.values()].filter(({ actions }) => actions !== undefined)
  const served = runners.flatMap(({ description }) =>
    (description.actions ?? []).flatMap((action) =>
      actionUrls(description, action).map((one) => ({ ...one, maxBytes: action.max_bytes })),
    ),
  )
  checkActionPaths(served, core())
  if (served.length === 0) return
  await acceptForms(app)
  const folder = await openFilesFolder(services.config.dataDir)
  const limit = new RateLimit()
  for (const { url, methods, maxBytes, ...named } of served)
    app.route({
      url,
      method: [...methods],
      bodyLimit: maxBytes,
      schema: { hide: true }, // http/action-operations.ts describes them, each with its own schemas
      handler: async (request, reply) => {
        const called = find(services, named)
        const { rate } = called.action
        if (rate) limit.take(`${named.processor}.${named.action}`, request.owner, rate)
        return answer(services, folder, called, request, reply)
      },
    })
}

async function acceptForms(app: FastifyInstance): Promise<void> {
  await app.register(multipart, {
    preservePath: true,
    // read-call counts the bytes
    limits: {
      fileSize: Number.MAX_SAFE_INTEGER,
      fieldSize: 16 * 1024 * 1024,
      fields: 1000,
      parts: 1000,
    },
  })
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
}

function find(services: Services, named: Pick<ServedAction, 'processor' | 'action'>): Called {
  const runner = processorFor(services, named.processor)
  const action = runner.description.actions?.find(({ name }) => name === named.action)
  if (action === undefined || runner.actions === undefined)
    throw new LonghaulError(
      'not-found',
      `${named.processor} has no action ${named.action} any more.`,
    )
  const state = runner.actions.state()
  if (state.kind === 'broken')
    throw new LonghaulError(
      'processor-not-ready',
      `${named.processor} is not ready: ${state.problem.detail}`,
    )
  return { runner, actions: runner.actions, action }
}

async function answer(
  services: Services,
  folder: string,
  called: Called,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { action, actions } = called
  const gone = new AbortController()
  // After a whole answer this says nothing any more; before it, that nobody waits.
  reply.raw.once('close', () => gone.abort())
  const files = new CallFiles(services, folder, {
    scope: request.scope,
    maxBytes: action.max_bytes,
    signal: gone.signal,
  })
  try {
    const call = await readCall(action, callOf(request), files)
    if (mayBeJob(services, called, request))
      return await becomeJob(services, called, call, request, reply)
    const answered = await actions.call({
      action: action.name,
      input: await stageInput(action, call, files),
      params: call.params,
      timeoutMs: action.timeout_ms,
      signal: gone.signal,
      logged: ({ level, text, fields }) =>
        request.log[level](
          { action: action.name, processor: called.runner.description.name, ...fields },
          text,
        ),
    })
    // A stream may go on reading them.
    if (Buffer.isBuffer(answered.body)) await files.remove()
    else reply.raw.once('close', () => void files.remove())
    return await sendAnswer(request, reply, action, answered)
  } catch (error) {
    await files.remove()
    throw error
  }
}

const callOf = (request: FastifyRequest): CallRequest => ({
  method: request.method,
  body: request.body,
  query: request.query as Record<string, unknown>,
  path: request.params as Record<string, unknown>,
  parts: request.isMultipart()
    ? formParts(() => request.parts() as AsyncIterable<FormPart>)
    : undefined,
})

/** A preference is no order: what cannot wait in a queue, such as a form with files, is answered at once. */
const mayBeJob = (services: Services, { action }: Called, request: FastifyRequest): boolean =>
  action.respond_async === true &&
  services.config.asyncJobs &&
  prefersAsync(request.headers['prefer']) &&
  !request.isMultipart()

async function becomeJob(
  services: Services,
  { runner }: Called,
  { input, params }: ReadCall,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const key = request.headers['idempotency-key']
  const { job } = await submitInput(
    services,
    runner.description,
    { ...input, ...params },
    request,
    typeof key === 'string' && key !== '' ? key.slice(0, 255) : undefined,
  )
  void reply.headers({
    location: `/jobs/${job.id}`,
    'longhaul-job-id': job.id,
    'preference-applied': 'respond-async',
    'retry-after': '5',
  })
  return reply.code(202).send(nativeJob(job))
}
