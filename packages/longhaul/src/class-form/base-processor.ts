import { AsyncLocalStorage } from 'node:async_hooks'
import type { z } from 'zod'
import {
  InvalidInputError,
  PermanentError,
  type Action,
  type InputSpec,
  type RunContext,
} from '../processor/index.ts'
import type { JsonObject } from '../support/json.ts'
import type { BinOutput, OutputSchema, Row } from './bin-output.ts'

/** The files of a job, in the order of its manifest. */
export interface JobInput {
  readonly jobId: string
  readonly localPaths: readonly string[]
}
/** By extension: `{ '.adc': '/…/D1.adc' }`. */
export type BinPaths = Readonly<Record<string, string>>
export type ClassContext = RunContext<InputSpec, unknown>
export type Report = (stage: string, data: JsonObject) => void

const reports = new AsyncLocalStorage<Report>()
export const reportingTo = <T>(report: Report, work: () => T): T => reports.run(report, work)

/**
 * A processor as a class: give it `processInput`, `processBin` or `getDirectActions`, and export `toProcessor(new YourClass())`. Everything the
 * method needs beside its files is in the context that `defineProcessor` gives, too.
 *
 * @example
 * class Count extends BaseProcessor {
 *   override readonly name = 'count'
 *   override processInput({ localPaths }: JobInput) {
 *     this.reportProgress('counting', { percent: 50 })
 *     return { files: localPaths.length }
 *   }
 * }
 * export default toProcessor(new Count())
 */
export abstract class BaseProcessor {
  abstract readonly name: string
  readonly version: string = '1.0.0'
  readonly description: string = ''
  /** Extensions that every bin must have: `['.adc', '.roi', '.hdr']`. */
  readonly requiredExtensions: readonly string[] = []
  /** What the `parameters` of a job may hold; `context.params` has them. */
  readonly parameters: Readonly<Record<string, z.ZodType>> = {}

  /** The whole job. What it returns is the result. */
  processInput?(input: JobInput, context: ClassContext): unknown
  /** One bin after the other; after each its rows and masks are kept. */
  processBin?(binId: string, paths: BinPaths, context: ClassContext): BinOutput | Promise<BinOutput>

  /** Columns beside `bin_id` and `roi_number`. @default found in the first rows, where every number is `float64` */
  getOutputSchema(): OutputSchema | undefined {
    return undefined
  }

  /** Calls that are answered at once, by name: `{ preview: action({ … }) }`. */
  getDirectActions(): Readonly<Record<string, Action>> {
    return {}
  }

  /** Throws for a table that must not be stored. */
  validateOutput(table: readonly Row[], binId: string): void {
    if (table.length === 0) throw new PermanentError(`The table of ${binId} has no rows.`)
    const wanted = ['roi_number', ...Object.keys(this.getOutputSchema() ?? {})]
    for (const [at, row] of table.entries()) {
      const missing = wanted.filter((column) => row[column] === undefined)
      if (missing.length > 0)
        throw new PermanentError(`Row ${at} of ${binId} has no ${missing.join(', ')}.`)
    }
  }

  /** Throws for a bin without all of these extensions. */
  validateBinFiles(binId: string, paths: BinPaths, required: readonly string[]): void {
    const missing = required.filter((extension) => !(extension in paths))
    if (missing.length === 0) return
    throw new InvalidInputError('files', `The bin ${binId} has no ${missing.join(', ')}.`)
  }

  /** Goes to the job that is being processed where this is called, however many run at once. */
  reportProgress(stage: string, data: JsonObject = {}): void {
    reports.getStore()?.(stage, data)
  }
}
