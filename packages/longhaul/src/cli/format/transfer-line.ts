import { barWithPercent } from './bar.ts'
import { bytes, duration } from './quantity.ts'

/**
 * Makes the lines of one upload or download: share, bytes, speed and time left, from the moment it was made. `there`: what
 * did not have to move. @default what the first line says
 */
export function transferLine(label: string, now: () => number = Date.now) {
  const startedAt = now()
  let startedBytes: number | undefined
  return (done: number, total: number, there?: number): string => {
    startedBytes = there ?? startedBytes ?? done // what was there already says nothing about the speed
    const seconds = (now() - startedAt) / 1000
    const perSecond = seconds > 0 ? (done - startedBytes) / seconds : 0
    const percent = total === 0 ? 100 : (done / total) * 100
    const speed =
      perSecond > 0
        ? [
            `${bytes(perSecond)}/s`,
            `ETA ${duration(Math.round((total - done) / perSecond) * 1000)}`,
          ]
        : []
    return [label, barWithPercent(percent), `${bytes(done)}/${bytes(total)}`, ...speed].join('  ')
  }
}
