import { chart, frame, linearAxis, logAxis, round, xOf, yOf } from './chart.ts'
import type { FeatureRow } from './feature-rows.ts'

const binsPerDoubling = 4

/** How many images have a largest blob of which size: equivalent spherical diameter, four columns from each size to twice that. */
export function sizeSpectrum(rows: readonly FeatureRow[]): string {
  const diameters = rows.map((row) => row.value('EquivDiameter')).filter((size) => size > 0)
  const counts = new Map<number, number>()
  for (const diameter of diameters) {
    const bin = Math.floor(Math.log2(diameter) * binsPerDoubling)
    counts.set(bin, (counts.get(bin) ?? 0) + 1)
  }
  const edgeOf = (bin: number): number => 2 ** (bin / binsPerDoubling)
  const bins = [...counts.keys()].sort((a, b) => a - b)
  const x = logAxis(
    'equivalent diameter of the largest blob, pixels',
    edgeOf(bins[0] ?? 0),
    edgeOf((bins.at(-1) ?? 4) + 1),
  )
  const y = linearAxis('images', 1.05 * Math.max(1, ...counts.values()))
  const bars = bins.map((bin) => {
    const [from, to] = [xOf(x, edgeOf(bin)), xOf(x, edgeOf(bin + 1))]
    const count = counts.get(bin) ?? 0
    const top = yOf(y, count)
    const said = `${edgeOf(bin).toFixed(1)} to ${edgeOf(bin + 1).toFixed(1)} pixels: ${count}`
    return `<rect x="${round(from + 0.5)}" y="${round(top)}" width="${round(to - from - 1)}" height="${round(frame.height - frame.bottom - top)}"><title>${said}</title></rect>`
  })
  return chart('size-spectrum', 'Size spectrum', x, y, bars.join(''))
}
