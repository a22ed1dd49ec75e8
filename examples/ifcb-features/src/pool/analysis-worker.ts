import { parentPort, workerData } from 'node:worker_threads'
import { analyseRoi, UnanalysableRoi, type AnalyseOptions } from '../analyse-roi.ts'
import { pixelsOf, type RoiOutcome, type RoiSource } from './roi-source.ts'

/** What a thread of the pool is sent, and what it answers. */
export interface Task {
  readonly id: number
  readonly roi: Uint8Array<SharedArrayBuffer>
  readonly source: RoiSource
}

export type Answer =
  | { readonly id: number; readonly outcome: RoiOutcome }
  /** Something that no image can be blamed for. */
  | { readonly id: number; readonly error: unknown }

const options = workerData as AnalyseOptions

parentPort?.on('message', ({ id, roi, source }: Task) => {
  const { number, width, height } = source
  try {
    const analysis = analyseRoi(pixelsOf(roi, source), width, height, options)
    const outcome: RoiOutcome = { number, width, height, kind: 'analysed', ...analysis }
    parentPort?.postMessage({ id, outcome } satisfies Answer, [analysis.mask.buffer])
  } catch (error) {
    if (!(error instanceof UnanalysableRoi)) parentPort?.postMessage({ id, error } satisfies Answer)
    else {
      const failure = { kind: 'failed', reason: error.reason, detail: error.message } as const
      const outcome: RoiOutcome = { number, width, height, ...failure }
      parentPort?.postMessage({ id, outcome } satisfies Answer)
    }
  }
})
