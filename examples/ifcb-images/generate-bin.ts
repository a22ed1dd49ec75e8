/**
 * Makes sample bins that any IFCB reader takes for real ones: `node generate-bin.ts [folder] [--seed N] [--triggers N]`.
 * The pictures are drawn, nothing in them was measured; their instruments' numbers, 901 and 91, say so too.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { makeNewStyleBin } from './sample/new-style-bin.ts'
import { makeCutShortBin, makeOldStyleBin } from './sample/old-style-bin.ts'
import type { SampleBin, SampleOptions } from './sample/sample-bin.ts'

/** One new bin, one old bin, and a small old one whose .roi is cut short. The same seed makes the same bytes. */
export function makeSampleBins({ seed, triggers }: SampleOptions): SampleBin[] {
  return [
    makeNewStyleBin({ seed, triggers }),
    makeOldStyleBin({ seed: seed + 1, triggers: Math.ceil(triggers * 0.7) }),
    makeCutShortBin({ seed: seed + 2, triggers: Math.max(12, Math.ceil(triggers / 10)) }),
  ]
}

/** Lays bins out as an archive does: `<folder>/<day>/<bin>.{hdr,adc,roi}`. */
export async function writeBins(folder: string, bins: readonly SampleBin[]): Promise<void> {
  for (const bin of bins) {
    const base = path.join(folder, bin.day, bin.id)
    await mkdir(path.dirname(base), { recursive: true })
    await writeFile(`${base}.hdr`, bin.hdr)
    await writeFile(`${base}.adc`, bin.adc)
    await writeFile(`${base}.roi`, bin.roi)
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      triggers: { type: 'string', default: '300' },
    },
  })
  const folder = positionals[0] ?? 'sample-bins'
  const bins = makeSampleBins({ seed: Number(values.seed), triggers: Number(values.triggers) })
  await writeBins(folder, bins)
  for (const { day, id, roi, expected } of bins)
    console.log(
      `${path.join(folder, day, id)}.{hdr,adc,roi}  ${expected.images} images, ${expected.stitched} stitched, ` +
        `${expected.unreadable} cut short, ${(roi.length / 1e6).toFixed(1)} MB`,
    )
}
