import { chart, linearAxis, logAxis, round, xOf, yOf } from './chart.ts'
import type { FeatureRow } from './feature-rows.ts'

/** Every image with a blob as a dot: the biovolume of all its blobs over the moment of its trigger. A dot leads to its image. */
export function biovolumeOverTime(
  rows: readonly FeatureRow[],
  times: ReadonlyMap<number, number>,
  linkOf: (roi: number) => string | undefined,
): string {
  const points = rows.flatMap((row) => {
    const [seconds, volume] = [times.get(row.roi), row.value('summedBiovolume')]
    return seconds !== undefined && volume > 0 ? [{ roi: row.roi, seconds, volume }] : []
  })
  const x = linearAxis(
    'trigger time, seconds',
    1.02 * (most(points.map(({ seconds }) => seconds)) || 1),
  )
  const volumes = points.map(({ volume }) => volume)
  const y = logAxis('biovolume, pixels³', least(volumes) / 1.5, 1.5 * (most(volumes) || 1))
  const dots = points.map(({ roi, seconds, volume }) => {
    const dot = `<circle cx="${round(xOf(x, seconds))}" cy="${round(yOf(y, volume))}" r="3"><title>image ${roi}: ${volume.toPrecision(4)} pixels³ at ${seconds.toFixed(1)} s</title></circle>`
    const link = linkOf(roi)
    return link === undefined ? dot : `<a href="${link}">${dot}</a>`
  })
  return chart('biovolume-over-time', 'Biovolume over trigger time', x, y, dots.join(''))
}

// Not Math.max(...values): a bin may have more images than a call may have arguments.
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)
const least = (values: readonly number[]): number =>
  Math.min(
    most(values) || 1,
    values.reduce((a, b) => Math.min(a, b), Infinity),
  )
