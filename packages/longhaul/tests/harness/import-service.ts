import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { JobView } from '@longhaul/protocol'
import { keyOfUri } from '../../src/storage/index.ts'
import type { ImportResult, StartImport } from '../../src/imports/imports.ts'
import type { ConfigOptions } from '../../src/app/index.ts'
import { startHttpService, type HttpService } from './http-service.ts'

export interface ImportService {
  readonly service: HttpService
  start(sourceType: string, sourceConfig: unknown, more?: Partial<StartImport>): Promise<string>
  /** Its job once it has ended. */
  ended(jobId: string): Promise<JobView>
  /** Its result; throws where it did not complete. */
  result(jobId: string): Promise<ImportResult>
}

/** Small parts, short pauses, and two tries in an attempt: cuts end attempts as well as readings. */
export const impatient = {
  ...{ partBytes: 64 * 1024, parallel: 3, parallelFromBytes: 512 * 1024 },
  ...{ tries: 2, firstPauseMs: 2, longestPauseMs: 5, retryMs: 10, attempts: 60, silenceMs: 20_000 },
}

export async function startImportService(config: ConfigOptions): Promise<ImportService> {
  const service = await startHttpService({ secretKey: randomBytes(32), ...config }, [], {
    imports: impatient,
  })
  const { imports } = service.app.services
  return {
    service,
    async start(sourceType, sourceConfig, more = {}) {
      const { jobId } = await imports.start({ owner: 'local', sourceType, sourceConfig, ...more })
      return jobId
    },
    ended: (jobId) => service.ended(jobId),
    async result(jobId) {
      const job = await service.ended(jobId)
      if (job.status !== 'completed') throw new Error(`${jobId} is ${job.status}: ${job.error}`)
      return job.result as unknown as ImportResult
    },
  }
}

/** As a program says it that has nothing of ours in it. */
export async function sha256Of({ app }: HttpService, uri: string): Promise<string> {
  const { storage } = app.services
  const { body } = await storage.get(keyOfUri(uri, storage.bucket))
  return sha256sum(body)
}

export async function sha256sum(bytes: AsyncIterable<Uint8Array> | Uint8Array): Promise<string> {
  const program = spawn('sha256sum', ['-b', '-'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const said = text(program.stdout)
  const ended = once(program, 'close')
  await pipeline(bytes instanceof Uint8Array ? [bytes] : bytes, program.stdin)
  await ended
  return (await said).slice(0, 64)
}
