import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isLonghaulError, type LonghaulError } from '../errors/index.ts'
import {
  PermanentError,
  RetryableError,
  type InputSpec,
  type OutputFile,
  type RunContext,
} from '../processor/index.ts'
import { lastSegment, storedName } from './asset-names.ts'
import { ApiFailure, callApi } from './call-api.ts'
import { fetchAsset } from './fetch-asset.ts'
import { assetField, type Operation, type OperationHost } from './operation.ts'

/** What an attempt that follows begins with; the file of the step lies in its workspace again. */
type Kept = { readonly step: 'fetched'; readonly mediaType: string } | { readonly step: 'answered' }

const longestPauseMs = 10 * 60_000

/**
 * One attempt: fetch, call, store. What a step gave is kept in the job's checkpoint before the next one begins, so that a
 * retry goes on behind it; the call is not repeated once its answer is kept, whatever happens to what follows.
 */
export async function carryOut(
  operation: Operation,
  { outbound, api }: OperationHost,
  ctx: RunContext<InputSpec, unknown>,
): Promise<{ processed: OutputFile }> {
  const { [assetField]: url, ...parameters } = ctx.input as { [assetField]: string }
  const { workspace, signal } = ctx
  await mkdir(workspace, { recursive: true })
  const source = path.join(workspace, 'asset')
  const answer = path.join(workspace, 'answer')
  let kept = ctx.restored as unknown as Kept | undefined
  try {
    if (kept === undefined) {
      ctx.progress({ stage: 'fetch' })
      kept = { step: 'fetched', ...(await fetchAsset(outbound, url, operation, source, signal)) }
      await keep(ctx, kept, 'asset')
    }
    if (kept.step === 'fetched') {
      ctx.progress({ stage: 'call' })
      await callApi({
        ...{ operation, api, url, parameters, signal, from: source, to: answer },
        fileName: lastSegment(url),
        mediaType: kept.mediaType,
        idempotencyKey: ctx.jobId,
      })
      await keep(ctx, { step: 'answered' }, 'answer')
    }
  } catch (error) {
    throw forAuthor(error, operation, ctx.attempt)
  }
  ctx.progress({ stage: 'store' })
  const name = storedName(url, operation.answers, Date.now())
  const processed = await ctx.outputs.write(name, createReadStream(answer), {
    mediaType: operation.answers,
  })
  return { processed }
}

/** Until it is kept. Storage that is away holds the job up; going on without could pay twice. */
async function keep(
  { checkpoint, signal }: Pick<RunContext<InputSpec>, 'checkpoint' | 'signal'>,
  kept: Kept,
  file: string,
): Promise<void> {
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 10, 2000)) {
    if (await checkpoint(() => ({ ...kept }), { files: [file], every: '1 ms' })) return
    await sleep(pauseMs, undefined, { signal })
  }
}

/** In the two words that say whether it is tried again; its own name stays with it. */
function forAuthor(error: unknown, { retryDelayMs }: Operation, attempt: number): unknown {
  const afterMs = Math.min(retryDelayMs * 2 ** (attempt - 1), longestPauseMs)
  // Those that failed together must not come back together.
  const pauseMs = Math.round(afterMs * (1 + Math.random() * 0.25))
  const again = (cause: LonghaulError, retryAfterMs = pauseMs) =>
    new RetryableError({ message: cause.message, retryAfterMs, cause })
  if (error instanceof ApiFailure) {
    const { problem, mayPass, retryAfterMs } = error
    if (!mayPass) return new PermanentError(problem.message, { cause: problem })
    return again(problem, Math.max(retryAfterMs ?? 0, pauseMs))
  }
  if (!isLonghaulError(error)) return error
  return error.code === 'outbound-failed' || error.code === 'outbound-timeout'
    ? again(error)
    : new PermanentError(error.message, { cause: error })
}
