/**
 * The name of one bin: one IFCB sample, three files with the same base name.
 * Names as WHOIGit/ifcb-features v1.3.0 reads them; instrument: Olson & Sosik 2007, Limnol. Oceanogr. Methods 5:195.
 */
export interface BinId {
  /** As written, without extension: `D20130526T094320_IFCB013` or `IFCB5_2012_028_081515`. */
  readonly id: string
  /** `I`: the first instruments, 15 ADC columns, stitching; `D`: all later ones, 24 columns. */
  readonly style: 'D' | 'I'
  readonly instrument: number
  /** When the sample began. UTC, whole seconds. */
  readonly time: Date
  /** The folder of that day in an archive: `D20130526`, `IFCB5_2012_028`. */
  readonly dayDirectory: string
}

const newStyle = /^D(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})_IFCB(\d+)$/
const oldStyle = /^IFCB(\d+)_(\d{4})_(\d{3})_(\d{2})(\d{2})(\d{2})$/

/** The bin that a base name means, or undefined when it is no bin's name or no moment that exists. */
export function parseBinId(id: string): BinId | undefined {
  const modern = newStyle.exec(id)
  if (modern) {
    const [year, month, day, hour, minute, second, instrument] = modern.slice(1).map(Number)
    const time = timeOf(year!, month! - 1, day!, hour!, minute!, second!)
    if (time?.getUTCMonth() !== month! - 1) return undefined
    return { id, style: 'D', instrument: instrument!, time, dayDirectory: id.slice(0, 9) }
  }
  const old = oldStyle.exec(id)
  if (old) {
    const [instrument, year, dayOfYear, hour, minute, second] = old.slice(1).map(Number)
    // Day 28 of the year is "28 January", day 366 rolls into the next year unless it is a leap year.
    const time = timeOf(year!, 0, dayOfYear!, hour!, minute!, second!)
    if (time?.getUTCFullYear() !== year! || dayOfYear === 0) return undefined
    return {
      id,
      style: 'I',
      instrument: instrument!,
      time,
      dayDirectory: id.slice(0, id.lastIndexOf('_')),
    }
  }
  return undefined
}

/** Targets are 1-based and an id has exactly five digits: `IFCB5_2012_028_081515_00003`. */
export const maxTarget = 99_999

export function roiIdOf(bin: string, target: number): string {
  if (!Number.isInteger(target) || target < 1 || target > maxTarget)
    throw new RangeError(`A target is numbered 1 to ${maxTarget}, got ${target}`)
  return `${bin}_${String(target).padStart(5, '0')}`
}

function timeOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): Date | undefined {
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const time = new Date(0)
  time.setUTCFullYear(year, month, day) // Date.UTC would read the year 12 as 1912
  time.setUTCHours(hour, minute, second)
  return time
}
