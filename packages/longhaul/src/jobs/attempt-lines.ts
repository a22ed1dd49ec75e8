import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import { parseAttemptLog, readAttemptLog, type AttemptLogLine } from '../runners/index.ts'
import { attemptLogKey, type JobId } from './job.ts'

/** From this host where the attempt runs or ran on it, else the copy that its worker keeps in the store. */
export async function attemptLines(
  { config, storage }: Pick<Services, 'config' | 'storage'>,
  id: JobId,
  attempt: number,
): Promise<AsyncIterable<AttemptLogLine>> {
  const file = path.join(config.dataDir, 'logs', id, `${attempt}.log`)
  if (existsSync(file)) return readAttemptLog(file)
  try {
    const { body } = await storage.get(attemptLogKey(id, attempt))
    return parseAttemptLog(body as AsyncIterable<Uint8Array>)
  } catch (error) {
    if (!isLonghaulError(error, 'object-not-found')) throw error
    return readAttemptLog(file) // it may begin now; a log without a line is empty
  }
}
