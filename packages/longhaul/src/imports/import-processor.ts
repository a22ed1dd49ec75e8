import { z } from 'zod'
import type { LonghaulError } from '../errors/index.ts'
import { isLonghaulError } from '../errors/index.ts'
import { defineProcessor, PermanentError, RetryableError } from '../processor/index.ts'
import type { InputSpec, Processor, RunContext } from '../processor/index.ts'
import type { Json } from '../support/json.ts'
import { secretKeeper } from '../support/keep-secret.ts'
import type { ImportRow } from './import-statements.ts'
import { importName, type ImportInput, type ImportParts } from './import-parts.ts'
import { openSource } from './open-source.ts'
import { OutOfPatience, passingProblem } from './patience.ts'
import { runImport } from './run-import.ts'
import { gone, unseal } from './seal.ts'
import { SourceFailure } from './source.ts'
import { joined, type SplitConfig } from './source-config.ts'
import type { Tuning } from './tuning.ts'

/** The processor of longhaul's own that carries imports out. */
export const importProcessor = (parts: ImportParts): Processor =>
  defineProcessor({
    name: importName,
    version: '1',
    description: 'Fetches files from where a request points',
    input: {
      source: z.looseObject({ type: z.string() }),
      credentials: z.string().optional(),
      filename: z.string().optional(),
    },
    runner: 'inline',
    reuse: false,
    retry: { attempts: parts.tuning.attempts },
    run: (ctx) => run(parts, ctx as unknown as RunContext<InputSpec, unknown>),
  })

async function run(parts: ImportParts, ctx: RunContext<InputSpec, unknown>): Promise<Json> {
  const { database, tuning } = parts
  const input = ctx.input as unknown as ImportInput
  let hide = (text: string): string => text
  try {
    const [row] = await database.read<ImportRow>('import.get', [ctx.jobId])
    const secrets = secretsOf(parts, ctx.jobId, input, row)
    const keepers = Object.values(secrets).map(secretKeeper)
    hide = (text) => keepers.reduce((rest, keep) => keep(rest), text)
    const source = await openSource(joined({ shown: input.source, secrets }), parts)
    try {
      return await runImport(parts, ctx, input, source, { listed: row?.listed === 1, hide })
    } finally {
      source.close?.()
    }
  } catch (error) {
    throw forJob(error, hide, tuning, ctx)
  }
}

function secretsOf(
  { secretKey }: ImportParts,
  jobId: string,
  { credentials }: ImportInput,
  row: ImportRow | undefined,
): SplitConfig['secrets'] {
  if (credentials === undefined) return {}
  if (!row?.sealed)
    throw gone(
      'The credentials of this import were deleted when it ended. Start it again with its credentials; what has come of it is not fetched twice only while it goes on.',
    )
  const sealed = { sealed: row.sealed, keyId: row.key_id ?? '' }
  return unseal(secretKey, jobId, sealed) as SplitConfig['secrets']
}

const longestPauseMs = 3_600_000

/** In the two words that say whether it is tried again, and without what somebody else's server repeated of our secrets. */
function forJob(
  error: unknown,
  hide: (text: string) => string,
  { retryMs }: Tuning,
  { attempt, signal }: Pick<RunContext<InputSpec>, 'attempt' | 'signal'>,
): unknown {
  if (signal.aborted) return signal.reason ?? error
  const grown = Math.min(longestPauseMs, retryMs * 2 ** Math.min(attempt - 1, 20))
  const again = (problem: LonghaulError, askedMs = 0) =>
    new RetryableError({
      message: hide(problem.message),
      retryAfterMs: Math.round(Math.max(askedMs, grown * (1 + Math.random() / 4))),
      cause: hidden(problem, hide),
    })
  if (error instanceof OutOfPatience) return again(error.problem, error.retryAfterMs)
  const passing = passingProblem(error)
  if (passing !== undefined)
    return again(passing, error instanceof SourceFailure ? error.retryAfterMs : undefined)
  const problem = error instanceof SourceFailure ? error.problem : error
  if (isLonghaulError(problem, 'unavailable') || isLonghaulError(problem, 'insufficient-storage'))
    return again(problem)
  if (isLonghaulError(problem))
    return new PermanentError(hide(problem.message), { cause: hidden(problem, hide) })
  return new Error(hide(error instanceof Error ? error.message : String(error)))
}

const hidden = (problem: LonghaulError, hide: (text: string) => string): LonghaulError =>
  new (problem.constructor as typeof LonghaulError)(problem.code, hide(problem.message))
