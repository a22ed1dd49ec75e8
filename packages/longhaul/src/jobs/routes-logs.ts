import { Readable } from 'node:stream'
import type { LogLine } from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { AttemptLogLine } from '../runners/index.ts'
import { laxInteger } from '../validation/index.ts'
import { attemptLines } from './attempt-lines.ts'
import { findJob } from './find-job.ts'
import { iso } from './projections/index.ts'

const query = z.object({
  /** @default the newest */
  attempt: laxInteger(z.int().min(1).optional()),
  format: z.enum(['text', 'json']).default('text'),
})

/** What an attempt wrote, as far as it has come: text as it was, or one JSON object a line. */
export const logRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/jobs/:id/logs',
    {
      exposeHeadRoute: false,
      schema: { tags: ['jobs'], summary: 'The log of an attempt', querystring: query },
    },
    async (request, reply) => {
      const job = await findJob(services, request)
      const { attempt = job.attempt, format } = request.query
      if (attempt > job.attempt)
        throw new LonghaulError(
          'not-found',
          `Job ${job.id} has had ${job.attempt} ${job.attempt === 1 ? 'attempt' : 'attempts'}; there is no log of attempt ${attempt}.`,
        )
      const lines = await attemptLines(services, job.id, attempt)
      const write = format === 'json' ? jsonLine : textLine
      void reply.type(format === 'json' ? 'application/x-ndjson' : 'text/plain; charset=utf-8')
      void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
      return reply.send(Readable.from(inChunks(lines, write), { objectMode: false }))
    },
  )
}

/** A stream of single lines would cost more than the lines. */
async function* inChunks(
  lines: AsyncIterable<AttemptLogLine>,
  write: (line: AttemptLogLine) => string,
): AsyncGenerator<Buffer> {
  let chunk = ''
  for await (const line of lines) {
    chunk += write(line)
    if (chunk.length < 64 * 1024) continue
    yield Buffer.from(chunk)
    chunk = ''
  }
  if (chunk !== '') yield Buffer.from(chunk)
}

const textLine = ({ text }: AttemptLogLine): string => `${text}\n`

function jsonLine({ at, from, text, level, fields, gap_bytes }: AttemptLogLine): string {
  const line: LogLine = {
    at: at === 0 ? null : iso(at),
    from,
    ...(level === undefined ? {} : { level }),
    text,
    ...(fields === undefined ? {} : { fields: fields as NonNullable<LogLine['fields']> }),
    ...(gap_bytes === undefined ? {} : { gap_bytes }),
  }
  return `${JSON.stringify(line)}\n`
}
