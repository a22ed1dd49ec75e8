import { isServiceError, type Client } from '@longhaul/client'
import { exitCode, exitCodeOf, type ExitCode } from './exit-code.ts'
import type { Output } from './output.ts'
import { jobIdsOf } from './service.ts'

/** Does the same to several jobs; one that is refused does not keep the others from their turn. */
export async function forEachJob(
  client: Client,
  words: readonly string[],
  output: Output,
  act: (id: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const ids = await jobIdsOf(client, words)
  if (ids.length === 1) return act(ids[0]!)
  const codes: ExitCode[] = []
  for (const id of ids) {
    try {
      codes.push(await act(id))
    } catch (error) {
      if (!isServiceError(error)) throw error
      codes.push(exitCodeOf(error))
      output.object('error', {
        job_id: id,
        code: error.code,
        status: error.status,
        message: error.message,
      })
      output.complain(`longhaul: ${error.message}`)
    }
  }
  const refused = codes.find((code) => code !== exitCode.done)
  if (refused === undefined) return exitCode.done
  return codes.includes(exitCode.done) ? exitCode.someFailed : refused
}
