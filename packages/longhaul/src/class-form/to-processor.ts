import { z } from 'zod'
import {
  defineProcessor,
  defineService,
  file,
  type Processor,
  type ProcessorOptions,
} from '../processor/index.ts'
import type { InputSpec } from '../processor/index.ts'
import {
  reportingTo,
  type BaseProcessor,
  type ClassContext,
  type Report,
} from './base-processor.ts'
import { runBins } from './run-bins.ts'

/** How it is run; what it is, the class says. */
export type ClassOptions = Omit<
  ProcessorOptions<InputSpec>,
  'name' | 'version' | 'description' | 'input' | 'output' | 'run' | 'setup' | 'actions' | 'bins'
>

/**
 * The class as a processor, to be the default export of a served file.
 *
 * @example export default toProcessor(new Features(), { timeout: '2 h' })
 */
export function toProcessor(form: BaseProcessor, options: ClassOptions = {}): Processor {
  const { name, version, description } = form
  const processInput = form.processInput?.bind(form)
  const processBin = form.processBin?.bind(form)
  const actions = form.getDirectActions()
  const described = { name, version, description, actions }
  const isService = processInput === undefined && processBin === undefined
  if (isService && Object.keys(actions).length > 0) return defineService(described)
  if (isService || (processInput !== undefined && processBin !== undefined))
    throw new TypeError(`The class of ${name} needs processInput or processBin, and not both.`)
  if (processBin !== undefined)
    return defineProcessor({
      ...options,
      ...described,
      bins: true,
      input: { files: file().many(), ...batchSize, ...form.parameters },
      run: (context) => runBins(form, processBin, context as unknown as ClassContext),
    })
  return defineProcessor({
    ...options,
    ...described,
    input: { files: file().many(), ...form.parameters },
    run: (given) => {
      const context = given as unknown as ClassContext
      const localPaths = context.inputs.map(({ path }) => path)
      return reportingTo(reportOf(context), () =>
        processInput?.({ jobId: context.jobId, localPaths }, context),
      )
    },
  })
}

/** The one parameter that every client of system B knows. */
const batchSize = { batch_size: z.int().positive().default(32) }

const reportOf =
  ({ progress }: ClassContext): Report =>
  (stage, { percent, message, ...detail }) =>
    progress({
      stage,
      ...(typeof percent === 'number' ? { percent } : {}),
      ...(typeof message === 'string' ? { message } : {}),
      detail,
    })
