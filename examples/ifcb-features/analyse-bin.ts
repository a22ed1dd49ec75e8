import {
  imageIn,
  stitch,
  UnreadableRoi,
  type BinFiles,
  type PlannedRoi,
} from '../ifcb-images/reader/index.ts'
import { readShared, type AnalysisPool, type RoiOutcome, type RoiSource } from './src/index.ts'

/**
 * Analyses planned images of a bin on the threads of a pool and yields an outcome for each, ascending by number. An image that
 * the .roi does not hold whole, or one of whose two parts it does not, is an outcome that says so.
 */
export async function* analyseBin(
  pool: AnalysisPool,
  files: BinFiles,
  planned: readonly PlannedRoi[],
  signal?: AbortSignal,
): AsyncGenerator<RoiOutcome, void, undefined> {
  const roi = await readShared(files.roi)
  const unreadable: RoiOutcome[] = []
  function* sources(): Generator<RoiSource> {
    for (const one of planned) {
      try {
        yield sourceOf(roi, one)
      } catch (error) {
        if (!(error instanceof UnreadableRoi)) throw error
        const { number, width, height } = one.target
        const { reason, message: detail } = error
        unreadable.push({ kind: 'failed', number, width, height, reason, detail })
      }
    }
  }
  for await (const outcome of pool.analyse(roi, sources(), signal ? { signal } : {})) {
    while ((unreadable[0]?.number ?? Infinity) < outcome.number) yield unreadable.shift()!
    yield outcome
  }
  yield* unreadable
}

/** A stitched image lies nowhere in the .roi: it is made here. */
function sourceOf(roi: Uint8Array, { target, second }: PlannedRoi): RoiSource {
  const { number, width, height, offset } = target
  if (second === undefined) return { number, width, height, offset }
  const whole = stitch(target, imageIn(roi, target), second, imageIn(roi, second))
  return { number, ...whole }
}
