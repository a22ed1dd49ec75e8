import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { contactSheet } from '../contact-sheet.ts'
import { encodePng, type GreyImage } from '../reader/index.ts'
import { decodePng } from '../verify/decode-png.ts'
import { readTar } from '../verify/read-tar.ts'

interface Row {
  readonly roi: string
  readonly bin: string
  readonly width: number
  readonly height: number
  readonly stitched_with: number | null
  readonly image: string | null
  readonly problem: { readonly reason: string; readonly detail: string } | null
}

/** Pictures of the page: enough to see what is there, few enough to open at once. */
const shownPerBin = 60

/** Makes something to look at out of what was downloaded: `contact-sheet.png`, and `index.html`, which needs no other file. */
export async function writeReport(results: string, folder: string): Promise<void> {
  const names = (await readdir(results)).sort()
  const rows = (
    await Promise.all(
      names
        .filter((name) => name.startsWith('rois_'))
        .map((name) => readFile(path.join(results, name), 'utf8')),
    )
  ).flatMap((text) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Row),
  )

  const chosen = new Set(choose(rows).map(({ image }) => image))
  const pngs = new Map<string, Buffer>()
  for (const name of names.filter((name) => name.endsWith('.tar')))
    for await (const member of readTar(path.join(results, name)))
      if (chosen.has(member.name)) pngs.set(member.name, Buffer.from(member.bytes))

  const images: GreyImage[] = [...pngs.values()].map(decodePng)
  await writeFile(path.join(folder, 'contact-sheet.png'), encodePng(contactSheet(images)))
  await writeFile(path.join(folder, 'index.html'), page(rows, pngs))
}

/** Evenly over each bin, and every stitched one. */
function choose(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, ({ bin }) => bin).values()].flatMap((ofBin) => {
    const step = Math.ceil(ofBin.length / shownPerBin)
    return ofBin.filter(
      ({ image, stitched_with }, index) =>
        image !== null && (index % step === 0 || stitched_with !== null),
    )
  })
}

function page(rows: readonly Row[], pngs: ReadonlyMap<string, Buffer>): string {
  const sections = [...Map.groupBy(rows, ({ bin }) => bin)].map(([bin, ofBin]) => {
    const figures = ofBin
      .filter(({ image }) => image !== null && pngs.has(image))
      .map((row) => {
        const data = pngs.get(row.image!)!.toString('base64')
        const note = row.stitched_with === null ? '' : `, stitched with ${row.stitched_with}`
        const title = `${row.roi}: ${row.width}×${row.height}${note}`
        return `<img loading="lazy" title="${title}" alt="${title}" class="${note && 'stitched'}" src="data:image/png;base64,${data}">`
      })
    const broken = ofBin
      .filter(({ problem }) => problem !== null)
      .map(
        ({ roi, problem }) =>
          `<p class="broken">${roi}: ${problem!.reason}: ${problem!.detail}</p>`,
      )
    const images = ofBin.filter(({ image }) => image !== null).length
    return `<h2>${bin}</h2><p>${images} images, ${figures.length} shown</p>${broken.join('')}<div>${figures.join('\n')}</div>`
  })
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>ifcb-images</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #f4f4f2; color: #222 }
div { display: flex; flex-wrap: wrap; gap: 6px; align-items: flex-start }
img { border-radius: 2px } .stitched { outline: 2px solid #d08020 } .broken { color: #a02020 }
</style>
<h1>ifcb-images</h1>
<p>Drawn samples, not measurements. Hover for number and size; stitched images have a frame.</p>
${sections.join('\n')}
</html>
`
}
