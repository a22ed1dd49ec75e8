import { readFile } from 'node:fs/promises'
import type { BinFiles, PlannedRoi } from '../../ifcb-images/reader/index.ts'
import { membersOf } from '../files/stored-zip.ts'
import { biovolumeOverTime } from './biovolume-over-time.ts'
import { anchorOf, chooseShown, contactSheet } from './contact-sheet.ts'
import { parseFeatureRows, type FeatureRow } from './feature-rows.ts'
import { sizeSpectrum } from './size-spectrum.ts'
import { triggerTimes } from './trigger-times.ts'

/**
 * One page about a bin, made of its files and its results alone: no script, no other file, and a browser that opens it asks
 * nobody anything. It comes in pieces, for with its pictures it is large.
 *
 * @param results.features the text of `features_v4.csv`
 * @param results.blobs the bytes of `blobs_v4.zip`
 */
export async function* binReport(
  files: BinFiles,
  rois: readonly PlannedRoi[],
  results: { readonly features: string; readonly blobs: Buffer },
): AsyncGenerator<string> {
  const rows = parseFeatureRows(results.features)
  const masks = new Map([...membersOf(results.blobs)].map(({ name, bytes }) => [name, bytes]))
  const shown = chooseShown(rois)
  const linked = new Set(shown.map(({ target }) => target.number))
  const times = triggerTimes(await readFile(files.adc, 'latin1'), files.bin.style)
  const byRoi = new Map(rows.map((row) => [row.roi, row]))
  const { id, instrument, time } = files.bin
  yield `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${id}</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<style>${style}</style>
<h1>${id}</h1>
<p>Instrument ${instrument}, ${time.toISOString().slice(0, 19).replace('T', ' ')} UTC. Lengths in pixels, volumes in pixels³.</p>
${factsOf(rows, masks.size)}
<div class="charts"><section><h2>Size spectrum</h2>${sizeSpectrum(rows)}</section>
<section><h2>Biovolume over trigger time</h2>${biovolumeOverTime(rows, times, (roi) => (linked.has(roi) ? `#${anchorOf(roi)}` : undefined))}</section></div>
<h2>Contact sheet</h2>
<p>${shown.length === rois.length ? `All ${rois.length} images` : `${shown.length} of ${rois.length} images, evenly over the bin`}, at their own size, with the outlines of their blobs.</p>
`
  yield* contactSheet(files, shown, byRoi, masks)
  yield '\n</html>\n'
}

function factsOf(rows: readonly FeatureRow[], masks: number): string {
  const sum = (of: (row: FeatureRow) => number): number =>
    rows.reduce((total, row) => total + (of(row) || 0), 0)
  const facts = [
    ['images', rows.length],
    ['without blob', rows.filter((row) => row.value('numBlobs') === 0).length],
    ['failed', rows.length - masks],
    ['blobs', sum((row) => row.value('numBlobs'))],
    ['area of all blobs', sum((row) => row.value('summedArea'))],
    ['biovolume', sum((row) => row.value('summedBiovolume'))],
  ] as const
  const cells = facts.map(
    ([name, value]) => `<div><dt>${name}</dt><dd>${digits.format(value)}</dd></div>`,
  )
  return `<dl id="facts">${cells.join('')}</dl>`
}

const digits = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 })

const style = `
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 88rem; padding: 0 1.5rem; background: #fafaf8; color: #1d2528 }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem } p { margin: .2rem 0 .8rem; color: #556 }
#facts { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 1rem 0 }
dt { font-size: .8rem; color: #667 } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 0 2rem }
.chart { width: 100%; height: auto } .chart text { font-size: 12px; fill: #556 }
.axes path { stroke: #889; fill: none } .axes .grid { stroke: #dde } .marks rect { fill: #2f6f8f }
.marks circle { fill: #2f6f8f; fill-opacity: .55 } .marks a:hover circle { fill: #d1571f; fill-opacity: 1 }
#contact-sheet { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-end }
figure { margin: 0 } figure svg { display: block; border-radius: 2px } figure:target { outline: 3px solid #2f6f8f; outline-offset: 2px }
figcaption { font-size: 11px; line-height: 1.3; color: #667 } .failed { border: 1px dashed #a33; padding: .4rem } .failed figcaption { color: #a33 }
.outline { fill: none; stroke: #ff6a13; stroke-width: 1; vector-effect: non-scaling-stroke }
`
