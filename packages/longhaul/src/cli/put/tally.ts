import { bytes, count, counted, duration } from '../format/quantity.ts'
import { transferLine } from '../format/transfer-line.ts'
import type { Output } from '../output.ts'
import type { FileToPut } from './files-to-put.ts'

/** Counts over all files: what is there, what an earlier command had sent of it, what moves now. */
export interface Tally {
  /** The service has it whole, from before. */
  there(file: FileToPut): void
  /** The first time: what it has from before. */
  sent(file: FileToPut, bytes: number): void
  done(file: FileToPut): void
  failed(file: FileToPut): void
  /** Says what was done. */
  sum(): void
}

export function createTally(
  files: readonly FileToPut[],
  output: Output,
  now: () => number = Date.now,
): Tally {
  const startedAt = now()
  const line = transferLine('upload', now)
  const safe = new Map<FileToPut, number>()
  let total = files.reduce((sum, { size }) => sum + size, 0)
  let kept = 0
  const [wholes, resumed, finished] = [new Set(), new Set(), new Set<FileToPut>()]
  const notes = (): string => {
    const some = [
      resumed.size > 0 ? `${counted(resumed.size, 'file')} resumed` : '',
      wholes.size > 0 ? `${count(wholes.size)} already there` : '',
    ].filter(Boolean)
    return some.length === 0 ? '' : `  (${some.join(', ')})`
  }
  const sumOf = (): number => [...safe.values()].reduce((sum, each) => sum + each, 0)
  const draw = (): void => output.live(line(sumOf(), total, kept) + notes())
  const keep = (file: FileToPut, size: number): void => {
    safe.set(file, size)
    kept += size
  }
  return {
    there(file) {
      wholes.add(file)
      keep(file, file.size)
      draw()
    },
    sent(file, size) {
      if (safe.has(file)) safe.set(file, size)
      else {
        if (size > 0) resumed.add(file)
        keep(file, size)
      }
      draw()
    },
    done(file) {
      finished.add(file)
    },
    failed(file) {
      total -= file.size
      safe.delete(file)
    },
    sum() {
      const size = [...finished].reduce((sum, file) => sum + file.size, 0)
      const moved = sumOf() - kept
      const took = finished.size === 0 ? '' : ` in ${duration(now() - startedAt)}`
      const part = moved < size ? `, ${bytes(moved)} of it now` : ''
      output.say(
        `  uploaded ${counted(finished.size, 'file')}, ${bytes(size)}${part}${took}${notes()}`,
      )
    },
  }
}
