import type { BinId } from '../../ifcb-images/reader/index.ts'

/** Position of the moment at which a particle opened its trigger, in seconds since the start of the sample. */
const column = { I: 7, D: 1 } as const

/**
 * When each target's trigger was, by the target's number (line of the .adc); lines that do not say it are missing. Only for
 * pictures: nothing that is measured depends on it.
 */
export function triggerTimes(adc: string, style: BinId['style']): ReadonlyMap<number, number> {
  const times = new Map<number, number>()
  for (const [index, line] of adc.split('\n').entries()) {
    const cell = line.split(',')[column[style]]?.trim() ?? ''
    const seconds = Number(cell)
    if (cell !== '' && Number.isFinite(seconds) && seconds >= 0) times.set(index + 1, seconds)
  }
  return times
}
