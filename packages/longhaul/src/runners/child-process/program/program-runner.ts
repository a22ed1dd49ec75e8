import { createHash } from 'node:crypto'
import path from 'node:path'
import { isLonghaulError, LonghaulError } from '../../../errors/index.ts'
import { checkDescription } from '../../check-description.ts'
import type { ProcessorSource, Runner, RunnerOptions } from '../../runner.ts'
import { slotsOf } from '../../slots.ts'
import { findProgram } from './find-program.ts'
import { ProgramAttempt } from './program-attempt.ts'
import { parseTemplate } from './program-template.ts'
import { inputSchemaOf, outputSchemaOf } from './program-values.ts'

/** Any program as a processor: its command line is the schema. Throws 'processor-broken'. */
export function programRunner(
  source: Extract<ProcessorSource, { kind: 'program' }>,
  options: RunnerOptions,
): Runner {
  const running = new Set<ProgramAttempt>()
  try {
    const template = findProgram(parseTemplate(source.template), source.cwd)
    const description = checkDescription(
      {
        name: source.name,
        description: source.template,
        input: inputSchemaOf(template),
        output: outputSchemaOf(template),
        runtime: path.basename(template.command),
        ...(source.memoryBytes === undefined ? {} : { memory_bytes: source.memoryBytes }),
      },
      createHash('sha256').update(source.template).digest('hex'),
    )
    const slots = slotsOf(options.slots)
    const limited = { ...options, memoryBytes: source.memoryBytes }
    return {
      description,
      state: () => ({ kind: 'ready', warmMs: 0 }),
      onState: () => undefined,
      run: (request, sink) => {
        const attempt = new ProgramAttempt(template, limited, slots.take, request, sink)
        running.add(attempt)
        void attempt.outcome.then(() => running.delete(attempt))
        return attempt
      },
      stop: async () => {
        slots.close()
        for (const attempt of running) attempt.kill()
        await Promise.all([...running].map((attempt) => attempt.outcome))
      },
    }
  } catch (error) {
    // A default that is none of its type is found by the same check as a wrong input.
    if (!(error instanceof TypeError) && !isLonghaulError(error, 'invalid-input')) throw error
    throw new LonghaulError('processor-broken', `${source.name}: ${error.message}`, {
      cause: error,
    })
  }
}
