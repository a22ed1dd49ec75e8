import type { BatchView } from '@longhaul/protocol'
import { barWithPercent } from './bar.ts'
import { shortId } from './job-line.ts'
import { count, duration, rate } from './quantity.ts'

/** Makes the lines of one batch: share, what is where, speed and time left, from the moment it was made. */
export function batchLine(now: () => number = Date.now) {
  const startedAt = now()
  let startedDone: number | undefined
  return ({ batch_id, processor, status, counts }: BatchView): string => {
    const { total, completed, failed, cancelled, removed, running } = counts
    const done = completed + failed + cancelled + removed
    startedDone ??= done // what was done already says nothing about the speed
    const name = `${processor} ${shortId(batch_id)}`
    const words = [
      `${count(completed)} done`,
      ...(failed > 0 ? [`${count(failed)} failed`] : []),
      ...(cancelled > 0 ? [`${count(cancelled)} cancelled`] : []),
      ...(running > 0 ? [`${count(running)} running`] : []),
    ].join(' · ')
    if (status !== 'running') return `${name}  ${status.replace('_', ' ')}  ${words}`
    const perSecond = ((done - startedDone) / (now() - startedAt)) * 1000
    const speed =
      perSecond > 0 && Number.isFinite(perSecond)
        ? [rate(perSecond), `ETA ${duration(Math.ceil((total - done) / perSecond) * 1000)}`]
        : []
    return [name, barWithPercent((done / total) * 100), words, ...speed].join('  ')
  }
}
