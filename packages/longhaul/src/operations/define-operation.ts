import { z } from 'zod'
import {
  defineProcessor,
  file,
  type InputSpec,
  type OutputFile,
  type Processor,
} from '../processor/index.ts'
import { parseByteSize } from '../support/byte-size.ts'
import { parseDuration } from '../support/duration.ts'
import { endingOf } from './asset-names.ts'
import { assetField, type Operation, type OperationOptions } from './operation.ts'

const mark = Symbol.for('longhaul.operation')
/** Words below /api/v1 that other routes have, or are to have. */
const reserved = ['jobs', 'datasets', 'teams', 'share', 'user', 'users', 'monitor', 'results']

/** What callers of the processor send and get, for clients that are typed by the declaration. */
export interface OperationCalls {
  name: string
  input: { [assetField]: string; [parameter: string]: unknown }
  output: { processed: OutputFile }
}

/**
 * Declares one remote operation on assets that are named by their URLs; make it the default export of the served file. The
 * service fetches the asset, calls the API and stores the answer, each step kept before the next: whatever ends an attempt, a
 * stored answer is never paid for again. Where the API is, and its key, are settings of the operator.
 *
 * @example
 * export default defineOperation({
 *   name: 'upscale',
 *   plural: 'upscales',
 *   accepts: 'image/*',
 *   answers: 'image/png',
 *   request: ({ asset, api }) => ({
 *     path: '/v1/upscale',
 *     headers: { 'x-api-key': api.key },
 *     form: { image_file: asset },
 *   }),
 * })
 */
export function defineOperation<const P extends InputSpec = Record<never, never>>(
  options: OperationOptions<P>,
): Processor<OperationCalls> {
  const { name, plural, answers, files = {}, retry = {} } = options
  const slugs = [{ name, plural }, ...(options.aliases ?? [])]
  for (const { name: one, plural: several } of slugs) checkSlugs(one, several)
  if (typeof options.request !== 'function')
    throw new TypeError(`Operation ${name} has no request function`)
  const seconds = (text: Parameters<typeof parseDuration>[0]) => parseDuration(text) / 1000
  const operation: Operation = {
    name,
    answers,
    accepts: options.accepts ?? '*/*',
    request: options.request,
    retryDelayMs: parseDuration(retry.delay ?? '2 s'),
    fetchTimeoutMs: parseDuration(options.fetchTimeout ?? '10 s'),
    callTimeoutMs: parseDuration(options.callTimeout ?? '30 s'),
    maxAssetBytes: parseByteSize(options.maxAssetSize ?? '32 MB'),
    maxAnswerBytes: parseByteSize(options.maxAnswerSize ?? '128 MB'),
  }
  const { version, description, concurrency, parameters } = options
  const processor = defineProcessor({
    name,
    ...(version === undefined ? {} : { version }),
    ...(description === undefined ? {} : { description }),
    ...(concurrency === undefined ? {} : { concurrency }),
    input: { [assetField]: z.string().max(2048).describe('http or https'), ...shapeOf(parameters) },
    output: { processed: file(answers) },
    retry: { attempts: retry.attempts ?? 4 },
    runner: 'inline',
    // What lies behind a URL changes.
    reuse: false,
    // An answer that was paid for under another version is an answer.
    acceptsCheckpoints: ['*'],
    run: () => {
      throw new Error(`${name} runs in a service, which has the asset API.`)
    },
  })
  return Object.defineProperty(
    Object.assign(processor, {
      ratePerMinute: options.ratePerMinute,
      operation: {
        slugs,
        answers,
        files: {
          single: files.single ?? `${name}.${endingOf(answers)}`,
          archive: files.archive ?? `${plural}.zip`,
          entry: files.entry ?? 'asset',
        },
        max_assets: options.maxAssets ?? 10,
        url_lifetime_seconds: seconds(options.urlLifetime ?? '1 h'),
      },
    }),
    mark,
    { value: operation },
  )
}

/** What a processor that `defineOperation` made does; works across copies of the package. */
export const operationOf = (processor: Processor): Operation | undefined =>
  (processor as { readonly [mark]?: Operation })[mark]

const shapeOf = (spec: InputSpec | undefined): Readonly<Record<string, z.ZodType>> =>
  spec === undefined ? {} : '_zod' in spec ? (spec as z.ZodObject).shape : spec

function checkSlugs(name: string, plural: string): void {
  for (const slug of [name, plural]) {
    if (typeof slug !== 'string' || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(slug))
      throw new TypeError(
        `An operation's names are parts of its URLs: letters, digits, "-", "_" and "."; got ${JSON.stringify(slug)}`,
      )
    if (reserved.includes(slug))
      throw new TypeError(
        `An operation cannot be called ${slug}: /api/v1/${slug} is something else`,
      )
  }
  if (name === plural)
    throw new TypeError(`Operation ${name} needs another word for several assets than for one`)
}
