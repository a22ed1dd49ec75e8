import { callbackList, callbackSecret, callbackStatus, callbackView } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { findBatch } from '../batches/index.ts'
import { LonghaulError } from '../errors/index.ts'
import type { Scope } from '../jobs/engine.ts'
import { findJob } from '../jobs/index.ts'
import { laxInteger } from '../validation/index.ts'
import type { CallbackKeys } from './callback-keys.ts'
import type { CallbackRow } from './callback-statements.ts'
import { callbackViews } from './callback-view.ts'
import { toWebhookSecret } from './signature.ts'

const maxLimit = 100
const query = z.object({
  status: callbackStatus.optional(),
  limit: laxInteger(z.int().min(1).default(50)),
  /** The `next` of the page before. */
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'Input should be a cursor that a list answered')
    .optional(),
})

/** `GET /jobs/{id}/callbacks`, `GET /batches/{id}/callbacks`. */
export const jobCallbackRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  const { database } = services
  app.get(
    '/batches/:id/callbacks',
    {
      schema: {
        tags: ['callbacks'],
        summary: 'Who was told how the batch ended, and every try to do so',
        response: { 200: callbackList },
      },
    },
    async (request) => {
      const { id } = await findBatch(services, request)
      const rows = await database.read<CallbackRow>('callback.of-batch', [id])
      return { callbacks: await callbackViews(database, rows), next: null }
    },
  )

  app.get(
    '/jobs/:id/callbacks',
    {
      schema: {
        tags: ['callbacks'],
        summary: 'Who was told how the job ended, and every try to do so',
        response: { 200: callbackList },
      },
    },
    async (request) => {
      const { id } = await findJob(services, request)
      const rows = await database.read<CallbackRow>('callback.of-job', [id])
      return { callbacks: await callbackViews(database, rows), next: null }
    },
  )
}

export interface CallbackRoutesOptions {
  readonly services: Services
  readonly keys: CallbackKeys
}

/** The delivery log of all jobs, dead letters among them, and the secret that receivers check signatures with. */
export const callbackRoutes: FastifyPluginAsyncZod<CallbackRoutesOptions> = async (
  app,
  { services: { database }, keys },
) => {
  app.get(
    '/callbacks',
    {
      schema: {
        tags: ['callbacks'],
        summary: 'Callbacks, newest first; ?status=dead are those that were given up',
        querystring: query,
        response: { 200: callbackList },
      },
    },
    async ({ query: { status = '', limit, cursor }, scope }) => {
      const most = Math.min(limit, maxLimit)
      const page = [status, Number(cursor ?? Number.MAX_SAFE_INTEGER), most]
      const rows = await (scope === 'everyone'
        ? database.read<CallbackRow>('callback.list', page)
        : database.read<CallbackRow>('callback.of-owner', [...page, scope.owner]))
      const next = rows.length === most ? String(rows.at(-1)?.id) : null
      return { callbacks: await callbackViews(database, rows), next }
    },
  )

  app.post(
    '/callbacks/:id/retry',
    {
      schema: {
        tags: ['callbacks'],
        summary: 'Send a callback again that was given up, or sooner than it would be',
        params: z.object({ id: z.string() }),
        response: { 200: callbackView },
      },
    },
    async ({ params: { id }, scope }) => {
      const row = await find(id, scope)
      if (row.delivered_at !== null)
        throw new LonghaulError('callback-delivered', `Callback ${id} was delivered already.`)
      await database.write([{ statement: 'callback.revive', params: [row.id] }])
      const [view] = await callbackViews(database, [await find(id, scope)])
      if (view === undefined) throw notFound(id)
      return view
    },
  )

  app.get(
    '/callbacks/secret',
    {
      config: { access: 'submit' },
      schema: {
        tags: ['callbacks'],
        summary: 'What your callbacks are signed with (Standard Webhooks, HMAC-SHA256)',
        response: { 200: callbackSecret },
      },
    },
    async ({ owner }, reply) => {
      const [secret] = await keys.secretsOf(owner)
      if (secret === undefined) throw new Error('there is no secret to sign with')
      void reply.header('cache-control', 'no-store')
      return { secret: toWebhookSecret(secret) }
    },
  )

  async function find(id: string, scope: Scope): Promise<CallbackRow> {
    const [, jobId = '', eventNo = ''] = /^(.+)\.(\d{1,9})$/.exec(id) ?? []
    const [row] = await database.read<CallbackRow>('callback.get', [jobId, Number(eventNo)])
    if (row === undefined || (scope !== 'everyone' && row.owner !== scope.owner)) throw notFound(id)
    return row
  }
}

const notFound = (id: string): LonghaulError =>
  new LonghaulError('callback-not-found', `Callback ${id.slice(0, 160)} not found`)
