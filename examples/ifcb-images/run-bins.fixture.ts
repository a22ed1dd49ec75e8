import { cp, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startService, type Service } from '../demo-kit/service.ts'
import { watchJob } from '../demo-kit/watch-job.ts'
import { downloadOutputs, type FinishedJob } from './demo/download-outputs.ts'
import { uploadBins } from './demo/upload-bins.ts'
import { discoverBins } from './reader/index.ts'

/** A real service with the example, and a folder for what tests make; both are gone after `stop`. */
export interface Bench {
  readonly service: Service
  readonly folder: string
  /** Uploads every bin below a folder, waits, downloads into `results`. */
  run(bins: string, results: string): Promise<FinishedJob>
  stop(): Promise<void>
}

export async function startBench(): Promise<Bench> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ifcb-images-'))
  const served = path.join(import.meta.dirname, 'ifcb-images.ts')
  const service = await startService([served], { dataDir: path.join(folder, 'data') })
  return {
    service,
    folder,
    async run(bins, results) {
      const files = (await discoverBins(bins)).flatMap(({ hdr, adc, roi }) => [hdr, adc, roi])
      const { jobId } = await uploadBins(`${service.url}/processors/ifcb-images`, files)
      await watchJob(`${service.url}/jobs/${jobId}/events`)
      return downloadOutputs(service.url, jobId, results)
    },
    async stop() {
      const left = await service.stop()
      await rm(folder, { recursive: true, force: true })
      if (left.length > 0)
        throw new Error(`Processes are left: ${left.map(({ pid }) => pid).join()}`)
    },
  }
}

/** A second copy of results, for tests that damage them. */
export const copyOf = async (results: string, to: string): Promise<string> => {
  await cp(results, to, { recursive: true })
  return to
}
