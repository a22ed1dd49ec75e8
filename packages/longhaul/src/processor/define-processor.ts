import type { z } from 'zod'
import { parseByteSize, type ByteSize } from '../support/byte-size.ts'
import { parseDuration, type Duration } from '../support/duration.ts'
import type { Action } from './action.ts'
import type { OperationDescription } from './description.ts'
import type { Boot, RunContext } from './run-context.ts'
import {
  inputSchema,
  outputSchema,
  type InputSpec,
  type OutputSpec,
  type ResultOf,
  type SchemaOf,
} from './schema-spec.ts'

export interface ProcessorOptions<
  I extends InputSpec,
  O extends OutputSpec | undefined = undefined,
  W = undefined,
> {
  /** Part of its URLs: letters, digits, `-`, `_` and `.`, at most 64. */
  readonly name: string
  /** Every job records it. @default `0.0.0+dev.<digest of the file>` */
  readonly version?: string
  readonly description?: string
  /** One schema gives types, form, CLI flags, OpenAPI and clients. @default {} */
  readonly input?: I
  readonly output?: O
  /** Once per warm process, before its first job. A failure is shown on the processor; jobs wait. */
  readonly setup?: (boot: Boot) => W | Promise<W>
  /** What it returns is the job's result; a file in it is what `outputs.write()` or `outputs.path()` gave. */
  readonly run: (ctx: RunContext<I, W>) => ResultOf<O> | Promise<ResultOf<O>>
  readonly actions?: Readonly<Record<string, Action>>
  /** Attempts at once, on all machines together. @default as many as there are slots */
  readonly concurrency?: number
  /** Of one attempt; after it the attempt is stopped and counts as failed. @default none */
  readonly timeout?: Duration
  /** Stops an attempt of which nothing was heard for so long: no progress, log, output, CPU second. @default none */
  readonly silence?: Duration
  /** How often the author's own failures are tried. @default { attempts: 1 } */
  readonly retry?: { readonly attempts: number }
  readonly resources?: {
    /** An attempt that holds more, with all that it started, is stopped as `out-of-memory`. @default no limit */
    readonly memory?: ByteSize
    readonly threads?: number
    readonly gpu?: number
  }
  /**
   * Other versions whose checkpoints this one continues from, besides its own: `['1.0']`, or `['*']` for any. A job whose
   * checkpoint is of none of them starts clean. @default none
   */
  readonly acceptsCheckpoints?: readonly string[]
  /**
   * Whether a result may stand for a later request of the same version, code, parameters and input digests. `true`: for every
   * request that does not say otherwise. `false`: never, for what has effects of its own or depends on more than its input.
   * @default only for requests that ask for it, as `longhaul submit` does
   */
  readonly reuse?: boolean
  /** @default the processor's name */
  readonly queue?: string
  /**
   * It works on bins of files, as services of system B do: its jobs from a manifest or an ingest are told in that system's
   * words. @default only those whose manifest has bins
   */
  readonly bins?: boolean
  /**
   * `process`: a warm child process, niced, which may crash or be killed alone. `thread`: a warm thread of the service, for
   * short work in pure JavaScript; its memory limit is one of the heap, and a native call in it cannot be ended. `inline`: for
   * code that only waits for others; it shares a process with the API. @default 'process'
   */
  readonly runner?: 'process' | 'thread' | 'inline'
}

const mark = Symbol.for('longhaul.processor')

/** What callers send and get, for clients that are typed by the declaration. */
export interface ProcessorCalls {
  readonly name: string
  readonly input: unknown
  readonly output: unknown
}

/** What `defineProcessor` gives: the declaration, checked and resolved. Plain data and functions. */
export interface Processor<Calls extends ProcessorCalls = ProcessorCalls> {
  readonly name: string
  /** A type and no more: there is never a value. */
  readonly '~calls'?: Calls
  readonly version: string | undefined
  readonly description: string
  readonly input: z.ZodObject
  readonly output: z.ZodType | undefined
  readonly setup: ((boot: Boot) => unknown) | undefined
  readonly run: (ctx: RunContext<InputSpec, unknown>) => unknown
  readonly actions: Readonly<Record<string, Action>>
  readonly concurrency: number | undefined
  readonly timeoutMs: number | undefined
  readonly silenceMs: number | undefined
  readonly attempts: number
  readonly memoryBytes: number | undefined
  readonly acceptsCheckpoints: readonly string[] | undefined
  readonly reuse: boolean | undefined
  readonly queue: string | undefined
  readonly bins: boolean | undefined
  readonly runner: 'process' | 'thread' | 'inline'
  /** False: it has actions only. */
  readonly jobs: boolean
  readonly ratePerMinute?: number | undefined
  /** Of those that `defineOperation` makes. */
  readonly operation?: OperationDescription
}

/**
 * Declares a processor; make it the default export of the served file. Types flow from the schemas.
 *
 * @example
 * export default defineProcessor({
 *   name: 'thumbnail',
 *   input: { image: file('image/*'), width: z.int().default(256) },
 *   output: { thumbnail: file('image/webp') },
 *   run: async ({ input, outputs }) => ({
 *     thumbnail: await outputs.write('thumb.webp', await shrink(input.image.path, input.width)),
 *   }),
 * })
 */
export function defineProcessor<
  const I extends InputSpec = Record<never, never>,
  O extends OutputSpec | undefined = undefined,
  W = undefined,
  const N extends string = string,
>(
  options: ProcessorOptions<I, O, W> & { readonly name: N },
): Processor<{ name: N; input: z.input<SchemaOf<I>>; output: ResultOf<O> }> {
  return declareProcessor(options, { jobs: true })
}

/** What defineProcessor and defineService have in common. */
export function declareProcessor<
  I extends InputSpec,
  O extends OutputSpec | undefined,
  W,
  Calls extends ProcessorCalls,
>(options: ProcessorOptions<I, O, W>, { jobs }: { readonly jobs: boolean }): Processor<Calls> {
  const { name, version, description = '', setup, run, retry, resources } = options
  if (typeof name !== 'string' || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(name)) {
    throw new TypeError(
      `A processor's name is part of its URL: letters, digits, "-", "_" and ".", at most 64; got ${JSON.stringify(name)}`,
    )
  }
  if (typeof run !== 'function') throw new TypeError(`Processor ${name} has no run function`)
  return Object.defineProperty(
    {
      name,
      version,
      description,
      input: inputSchema(options.input ?? {}),
      output: outputSchema(options.output),
      setup,
      run: run as Processor['run'],
      actions: checkedActions(name, options.actions ?? {}),
      concurrency: count(name, 'concurrency', options.concurrency),
      timeoutMs: options.timeout === undefined ? undefined : parseDuration(options.timeout),
      silenceMs: options.silence === undefined ? undefined : parseDuration(options.silence),
      attempts: count(name, 'retry.attempts', retry?.attempts) ?? 1,
      memoryBytes: resources?.memory === undefined ? undefined : parseByteSize(resources.memory),
      acceptsCheckpoints: options.acceptsCheckpoints,
      reuse: options.reuse,
      queue: options.queue,
      bins: options.bins,
      runner: options.runner ?? 'process',
      jobs,
    },
    mark,
    { value: true },
  )
}

function checkedActions(
  name: string,
  actions: Readonly<Record<string, Action>>,
): Readonly<Record<string, Action>> {
  for (const key of Object.keys(actions))
    if (!/^[A-Za-z0-9][\w.-]{0,63}$/.test(key))
      throw new TypeError(
        `An action's name is part of its URL: letters, digits, "-", "_" and ".", at most 64; ${name} has ${JSON.stringify(key)}`,
      )
  return actions
}

function count(name: string, what: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return value
  throw new TypeError(`Processor ${name}: ${what} must be a whole number of at least 1`)
}

/** Works across copies of the package. */
export const isProcessor = (value: unknown): value is Processor =>
  typeof value === 'object' && value !== null && mark in value
