import type { Action } from './action.ts'
import { PermanentError } from './author-errors.ts'
import { declareProcessor, type Processor, type ProcessorOptions } from './define-processor.ts'

export interface ServiceOptions<W = undefined> extends Pick<
  ProcessorOptions<Record<never, never>, undefined, W>,
  'name' | 'version' | 'description' | 'setup'
> {
  readonly actions: Readonly<Record<string, Action>>
  /** Of each process that serves calls. @default no limit */
  readonly resources?: Pick<
    NonNullable<ProcessorOptions<Record<never, never>>['resources']>,
    'memory'
  >
}

/**
 * Declares a service that answers at once and has no jobs: its actions, and nothing else. Where all that is served is like
 * this, the routes of jobs, uploads for jobs and batches are not there.
 *
 * @example
 * export default defineService({
 *   name: 'append',
 *   actions: {
 *     append: action({
 *       methods: ['GET'],
 *       path: '/append/{first}/{second}',
 *       params: { first: z.string(), second: z.string() },
 *       run: ({ params }) => ({ result: params.first + params.second }),
 *     }),
 *   },
 * })
 */
export function defineService<W = undefined, const N extends string = string>(
  options: ServiceOptions<W> & { readonly name: N },
): Processor<{ name: N; input: unknown; output: unknown }> {
  if (Object.keys(options.actions ?? {}).length === 0)
    throw new TypeError(`The service ${options.name} has no actions`)
  const run = (): never => {
    throw new PermanentError(`${options.name} has actions and no jobs.`)
  }
  return declareProcessor({ ...options, run }, { jobs: false })
}
