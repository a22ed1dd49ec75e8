import type { z } from 'zod'
import type { FileSchema } from './file.ts'
import type { Log } from './run-context.ts'
import {
  inputSchema,
  outputSchema,
  type InputOf,
  type InputSpec,
  type OutputSpec,
  type ResultOf,
} from './schema-spec.ts'

/** A direct call without a queue: a preview, a lookup. Declared today; `POST /processors/x/actions/<name>` comes later. */
export interface Action {
  readonly description?: string
  readonly input: z.ZodObject
  readonly output: z.ZodType | undefined
  readonly run: (ctx: ActionContext<never>) => unknown
}

export interface ActionContext<I extends InputSpec> {
  readonly input: InputOf<I>
  readonly signal: AbortSignal
  readonly log: Log
}

/** An action may answer a file with its bytes. */
export type ActionResult<O extends OutputSpec | undefined> =
  ResultOf<O> | (O extends FileSchema ? Uint8Array : never)

/**
 * Declares an action of a processor.
 *
 * @example action({ input: { image: file('image/*') }, output: file('image/webp'), run: ({ input }) => shrink(input.image.path) })
 */
export function action<I extends InputSpec, O extends OutputSpec | undefined = undefined>(options: {
  readonly description?: string
  readonly input: I
  readonly output?: O
  readonly run: (ctx: ActionContext<I>) => ActionResult<O> | Promise<ActionResult<O>>
}): Action {
  return {
    ...(options.description === undefined ? {} : { description: options.description }),
    input: inputSchema(options.input),
    output: outputSchema(options.output),
    run: options.run,
  }
}
