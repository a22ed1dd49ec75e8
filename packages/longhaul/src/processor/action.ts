import { z } from 'zod'
import { parseByteSize, type ByteSize } from '../support/byte-size.ts'
import { parseDuration, type Duration } from '../support/duration.ts'
import { namesInPath } from './action-path.ts'
import type { FileSchema } from './file.ts'
import type { ActionBytes, RenderedBytes } from './rendered-bytes.ts'
import type { Log } from './run-context.ts'
import {
  inputSchema,
  outputSchema,
  type InputOf,
  type InputSpec,
  type OutputSpec,
  type ResultOf,
  type Shape,
} from './schema-spec.ts'

export type ActionMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ActionOptions<
  I extends InputSpec,
  P extends Shape,
  O extends OutputSpec | undefined,
> {
  readonly summary?: string
  readonly description?: string
  /** A body or a form; of GET and DELETE the query. Files come by form, upload or `s3://` URI. @default {} */
  readonly input?: I
  /** One field for each `{name}` in `path`, no more and no fewer. */
  readonly params?: P
  /** What `run` returns: JSON, or with `file('image/png')` bytes of that type. */
  readonly output?: O
  /** Also answered here, besides `/processors/<processor>/actions/<name>`: `/append/{first}/{second}`. */
  readonly path?: string
  /** @default ['POST'] */
  readonly methods?: readonly ActionMethod[]
  /** Of bytes and text that `run` returns. @default that of `output`, else application/octet-stream */
  readonly mediaType?: string
  /** From the whole request to the last byte, waiting included. @default '30 s' */
  readonly timeout?: Duration
  /** Of a body, and of every file. @default '16 MiB' */
  readonly maxBytes?: ByteSize
  /** `Cache-Control` of good answers; those of GET also have an ETag. @default 'no-store' */
  readonly cacheControl?: string
  /** Of one caller; who asks more often gets a 429. @default as many as there is room for */
  readonly rate?: { readonly calls: number; readonly per: Duration }
  /**
   * A request with `Prefer: respond-async` becomes a job of the processor, whose `run` is given the same input. Its input must
   * have every field of the action's. @default false
   */
  readonly respondAsync?: boolean
  readonly tags?: readonly string[]
  readonly run: (
    ctx: ActionContext<I, P>,
  ) => ActionResult<NoInfer<O>> | Promise<ActionResult<NoInfer<O>>>
}

/** A direct call without a queue: a preview, a lookup, a conversion. Checked and resolved; plain data and a function. */
export interface Action {
  readonly summary: string | undefined
  readonly description: string | undefined
  readonly input: z.ZodObject
  readonly params: z.ZodObject
  readonly output: z.ZodType | undefined
  readonly path: string | undefined
  readonly methods: readonly ActionMethod[]
  readonly mediaType: string | undefined
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly cacheControl: string | undefined
  readonly rate: { readonly calls: number; readonly perMs: number } | undefined
  readonly respondAsync: boolean
  readonly tags: readonly string[] | undefined
  readonly run: (ctx: ActionContext<never, never>) => unknown
}

export interface ActionContext<I extends InputSpec, P extends Shape = Record<never, never>> {
  readonly input: InputOf<I>
  /** What stood in the path. */
  readonly params: InputOf<P>
  /** Aborts when the caller has gone, or the time is over. Code that goes on is ended after 2 s. */
  readonly signal: AbortSignal
  /** Into the log of the service. */
  readonly log: Log
  /** What the processor's `setup` returned. */
  readonly warm: unknown
}

/** Bytes are never checked against `output`: they are the answer. */
export type ActionResult<O extends OutputSpec | undefined> =
  RenderedBytes | (O extends FileSchema ? ActionBytes : ResultOf<O> | Exclude<ActionBytes, string>)

const methodNames: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/**
 * Declares an action of a processor or a service.
 *
 * @example action({ input: { image: file('image/*') }, output: file('image/webp'), run: ({ input }) => shrink(input.image.path) })
 */
export function action<
  I extends InputSpec = Record<never, never>,
  P extends Shape = Record<never, never>,
  O extends OutputSpec | undefined = undefined,
>(options: ActionOptions<I, P, O>): Action {
  const { path, params = {}, methods = ['POST'], mediaType, cacheControl, rate } = options
  if (typeof options.run !== 'function') throw new TypeError('An action needs a run function')
  if (methods.length === 0 || !methods.every((one) => methodNames.includes(one)))
    throw new TypeError(`methods must be some of ${methodNames.join(', ')}`)
  if (mediaType !== undefined && !/^[\w.+-]+\/[\w.+-]+(;.*)?$/.test(mediaType))
    throw new TypeError(`mediaType ${JSON.stringify(mediaType)}: write one like 'image/png'`)
  const named = path === undefined ? [] : namesInPath(path)
  const given = Object.keys(params)
  if (given.length !== named.length || !named.every((name) => given.includes(name)))
    throw new TypeError(
      `params must have exactly the names in the path ${path ?? '(there is none)'}: ${named.join(', ') || 'none'}; got ${given.join(', ') || 'none'}`,
    )
  if (rate !== undefined && !(Number.isSafeInteger(rate.calls) && rate.calls >= 1))
    throw new TypeError('rate.calls must be a whole number of at least 1')
  return {
    summary: options.summary,
    description: options.description,
    input: inputSchema(options.input ?? {}),
    params: inputSchema(params),
    output: outputSchema(options.output),
    path,
    methods: [...new Set(methods)],
    mediaType,
    timeoutMs: parseDuration(options.timeout ?? '30 s'),
    maxBytes: parseByteSize(options.maxBytes ?? '16 MiB'),
    cacheControl,
    rate: rate && { calls: rate.calls, perMs: parseDuration(rate.per) },
    respondAsync: options.respondAsync ?? false,
    tags: options.tags,
    run: options.run,
  }
}
