import { Patience } from './patience.ts'
import { passing, type FoundFile, type Range, type Source } from './source.ts'
import type { Tuning } from './tuning.ts'

/**
 * The bytes of a range, whatever cuts the line: what is missing is asked for again, from where it stopped. Throws what
 * another try would not mend, 'changed' among it, and OutOfPatience.
 */
export async function* readOn(
  source: Source,
  file: FoundFile,
  { start, end }: Range,
  tuning: Tuning,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const patience = new Patience(tuning)
  let at = start
  for (let cuts = 0; at <= end; cuts++) {
    try {
      if (cuts > 0) await source.confirm?.(file, signal)
      for await (const chunk of await source.read(file, { start: at, end }, signal)) {
        // A server that sends more than it was asked for is not heard to its end.
        const wanted = chunk.subarray(0, end + 1 - at)
        if (wanted.length > 0) patience.renew()
        at += wanted.length
        yield wanted
        if (at > end) return
      }
      throw passing(`${file.name} ended ${end + 1 - at} bytes too early.`)
    } catch (error) {
      await patience.bear(error, signal)
    }
  }
}
