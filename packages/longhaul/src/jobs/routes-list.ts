import {
  callableJob,
  callableJobList,
  callableStatus,
  jobKindFilter,
  jobList,
  jobListQuery,
  jobStatusFilter,
  jobView,
  systemAJob,
  systemBJob,
  type CallableStatus,
  type JobKind,
  type JobStatus,
} from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import { laxInteger, parseRequest } from '../validation/index.ts'
import type { Scope } from './engine.ts'
import { findJob } from './find-job.ts'
import { isTerminal } from './job.ts'
import {
  fourWordJob,
  nativeJob,
  projectJob,
  statesOfSystemD,
  systemDJob,
} from './projections/index.ts'
import { listed } from './parse-submission.ts'
import { sendWithEtag } from './routes-etag.ts'

const query = jobListQuery.extend({
  // Not z.int(): older clients may ask for 10^23, and get the most there is.
  limit: laxInteger(z.number().multipleOf(1).min(1).optional()),
  offset: laxInteger(jobListQuery.shape.offset),
  tag: z.preprocess(listed, z.array(z.string()).max(5).optional()),
})
const maxLimit = 100
const defaultLimit = 50
const view = z.object({ view: z.enum(['native']).optional() })

/**
 * `GET /jobs` and `GET /jobs/{id}`. The list is a bare array in system A's words unless `view=native` asks otherwise, or
 * system D's envelope is asked for.
 */
export const listRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/jobs',
    {
      schema: {
        tags: ['jobs', 'system A', 'system B', 'system D'],
        summary: 'Jobs, newest first',
        querystring: query,
        response: {
          200: z.union([jobList, callableJobList, z.array(z.union([systemAJob, systemBJob]))]),
        },
      },
    },
    async (request, reply) => {
      const {
        view: native,
        status,
        kind,
        processor,
        owner,
        cursor,
        limit,
        offset,
        tag,
        status_filter: word,
      } = request.query
      const envelope = native === undefined && asksForEnvelope(services, request.query)
      if (request.query.ids !== undefined) {
        const jobs = await services.engine.get(idsIn(request.query.ids), request.scope)
        if (envelope) return { jobs: jobs.map(systemDJob), count: jobs.length, total: jobs.length }
        if (native === undefined) return jobs.map(fourWordJob)
        const total = jobs.length
        return { jobs: jobs.map(nativeJob), total, total_is_estimate: false, next: null }
      }
      const states =
        listOf<JobStatus>(jobStatusFilter, status, 'status') ??
        (envelope && word ? statesOfSystemD(parseWord(word)) : undefined)
      const kinds = listOf<JobKind>(jobKindFilter, kind, 'kind')
      const named = (request.params as { processor?: string }).processor ?? processor
      const before = cursor === undefined ? undefined : parseRequest(cursorText, cursor, 'query')
      const page = await services.engine.list(
        {
          scope: owner === undefined ? request.scope : narrowed(request.scope, owner),
          ...(states && { states }),
          ...(kinds && { kinds }),
          ...(named === undefined ? {} : { processor: named }),
          ...(tag === undefined ? {} : { tags: tag }),
        },
        {
          limit: Math.min(limit ?? (envelope ? maxLimit : defaultLimit), maxLimit),
          ...(before === undefined ? {} : { before }),
          ...(offset === undefined ? {} : { offset }),
        },
      )
      const next = page.next === undefined ? null : String(page.next)
      if (next !== null) void reply.header('link', `<${nextUrl(request.url, next)}>; rel="next"`)
      if (envelope) {
        const jobs = page.jobs.map(systemDJob)
        return { jobs, count: jobs.length, total: page.total }
      }
      if (native === undefined) return page.jobs.map(fourWordJob)
      const { total, totalIsEstimate } = page
      return { jobs: page.jobs.map(nativeJob), total, total_is_estimate: totalIsEstimate, next }
    },
  )

  app.get(
    '/jobs/:id',
    {
      schema: {
        tags: ['jobs', 'system A', 'system B', 'system D'],
        summary: 'One job, in the words of the clients that made it',
        querystring: view,
        response: { 200: z.union([jobView, systemAJob, systemBJob, callableJob]) },
      },
    },
    async (request, reply) => {
      const job = await findJob(services, request)
      // Who hears that it has ended finds the files that say so.
      if (isTerminal(job.state)) await services.reflectJob(job)
      return sendWithEtag(request, reply, projectJob(job, request.query.view))
    },
  )
}

/** Asked for, or the operator's wish, or what the only clients that such a service has know. */
function asksForEnvelope(
  { config, runners, broken }: Services,
  { status_filter, envelope }: z.infer<typeof query>,
): boolean {
  if (config.jobsDialect !== 'auto') return config.jobsDialect === 'envelope'
  if (envelope !== undefined || status_filter !== undefined) return envelope ?? true
  const served = [...[...runners.values()].map(({ description }) => description), ...broken]
  return served.length > 0 && served.every(({ callable }) => callable !== undefined)
}

const parseWord = (word: string): CallableStatus =>
  parseRequest(z.object({ status_filter: callableStatus }), { status_filter: word }, 'query')
    .status_filter

function idsIn(text: string): string[] {
  const ids = [...new Set(text.split(',').filter(Boolean))]
  if (ids.length <= maxLimit) return ids
  throw new LonghaulError('bad-request', `${ids.length} ids; at most ${maxLimit} are looked up.`)
}

/** One owner's jobs. Whoever may not see them gets what there is for them: none. */
const narrowed = (scope: Scope, owner: string): Scope =>
  scope === 'everyone' || scope.owner === owner ? { owner } : { owner: '' }

/** Opaque to clients; the position of the last row of the page before. */
const cursorText = z
  .string()
  .regex(/^\d{1,15}$/, 'Input should be a cursor that a list answered')
  .transform(Number)

function listOf<Word>(
  schema: z.ZodType<Word[]>,
  text: string | undefined,
  name: string,
): Word[] | undefined {
  if (text === undefined || text.trim() === '') return undefined
  const words = text.split(',').map((word) => word.trim())
  return parseRequest(z.object({ [name]: schema }), { [name]: words }, 'query')[name]
}

function nextUrl(url: string, cursor: string): string {
  const [path = '', search] = url.split('?')
  const parameters = new URLSearchParams(search)
  parameters.set('cursor', cursor)
  parameters.delete('offset')
  return `${path}?${parameters}`
}
