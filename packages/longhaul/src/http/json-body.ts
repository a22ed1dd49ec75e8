import type { FastifyInstance } from 'fastify'
import type { ValidationDetail } from '@longhaul/protocol'
import { LonghaulError } from '../errors/index.ts'
import { jsonMistakeAt } from './json-mistake.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * JSON by `application/json`, any `+json`, or no Content-Type at all, as older clients send it. Other types are 415 unless
 * a route adds its own parser. An empty body is an absent one: the route's schema says whether it needs any.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  for (const type of ['application/json', /^application\/[\w.+-]+\+json/]) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
      finish(body, done)
    })
  }
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const type = request.headers['content-type']
    if (type === undefined || type.trim() === '') return finish(body, done)
    if (body.length === 0) return done(null, undefined)
    done(
      new LonghaulError(
        'unsupported-media-type',
        `${request.method} ${request.url.split('?')[0]} does not read ${type}; send application/json.`,
      ),
    )
  })
}

type Done = (error: Error | null, body?: unknown) => void

function finish(body: Buffer, done: Done): void {
  try {
    done(null, parseJson(body))
  } catch (error) {
    done(error as Error)
  }
}

/** Throws 'malformed-body' with the place of the first mistake, or where the search for it ended. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch (cause) {
    throw malformed(0, 'not UTF-8', cause)
  }
  if (text.trim() === '') return undefined
  try {
    // A reviver costs more than the parsing, so only a body that needs it pays.
    return /__proto__|\\u005f/i.test(text) ? JSON.parse(text, withoutPrototypes) : JSON.parse(text)
  } catch (cause) {
    throw malformed(mistakeAt(text), 'not JSON', cause)
  }
}

/** Looking for the place takes longer than parsing: nobody waits for it while 16 MB are searched. */
const searchedChars = 256 * 1024
const mistakeAt = (text: string): number => jsonMistakeAt(text.slice(0, searchedChars))

/** A field called `__proto__` is no data anybody means; dropped before code can copy it by assignment. */
function withoutPrototypes(this: unknown, key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}

function malformed(position: number, what: string, cause: unknown): LonghaulError {
  const detail: ValidationDetail = {
    type: 'json_invalid',
    loc: ['body', position],
    msg: 'JSON decode error',
    input: {},
    ctx: { error: `${what} at position ${position}` },
  }
  return new LonghaulError('malformed-body', `The body is ${what} at position ${position}.`, {
    facts: { details: [detail], errors: [{ pointer: '', detail: detail.msg }] },
    cause,
  })
}
