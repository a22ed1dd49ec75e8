/** 1,000 as people read it, whatever the locale of the machine. */
export const count = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 job`, `1,000 jobs`. */
export const counted = (value: number, word: string): string =>
  `${count(value)} ${word}${value === 1 ? '' : 's'}`

/** Two digits that matter: 8.3, 38, 1,240. */
const short = (value: number): string =>
  value < 9.95 ? value.toFixed(1).replace(/\.0$/, '') : count(value)

/** `38/s`; below one a second, per minute or hour, as a person would say it. */
export function rate(perSecond: number): string {
  if (perSecond >= 1) return `${short(perSecond)}/s`
  if (perSecond * 60 >= 1) return `${short(perSecond * 60)}/min`
  return `${short(perSecond * 3600)}/h`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Decimal units, as disks are sold: 4.1 kB, 742 GB. */
export function bytes(size: number): string {
  let value = size
  let unit = 0
  // 999.5 kB would be printed as 1000 kB: that is 1 MB.
  while (value >= (unit === 0 ? 1000 : 999.5) && unit < byteUnits.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? count(value) : short(value)} ${byteUnits[unit]}`
}

/** 8 ms, 0.2 s, 8 s, 25 min, 1 h 10, 3 d 4 h. */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`
  if (seconds < 99.5) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 24 * 60)
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`
  const hours = Math.round(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}
