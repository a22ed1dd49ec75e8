import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { encodePng } from '../ifcb-images/reader/index.ts'

/** Writes the transcript and the pictures (PGM, by caption) as one page that needs no other file. Answers where. */
export async function writePage(
  folder: string,
  transcript: string,
  pictures: ReadonlyMap<string, Buffer>,
): Promise<string> {
  const figures = [...pictures].map(([caption, pgm]) => {
    const data = encodePng(parsePgm(pgm)).toString('base64')
    return `<figure><img alt="${caption}" src="data:image/png;base64,${data}"><figcaption>${caption}</figcaption></figure>`
  })
  const escaped = transcript.replace(/[&<>]/g, (char) => `&#${char.codePointAt(0)};`)
  const marked = escaped
    .replace(/✓[^\n]*/g, '<b class="yes">$&</b>')
    .replace(/✗[^\n]*/g, '<b class="no">$&</b>')
    .replace(/\$ [^\n]*/g, '<b>$&</b>')
  const file = path.join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  await writeFile(
    file,
    `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A script becomes a service</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; background: #f4f4f2; color: #222 }
pre { font: 13px/1.45 ui-monospace, monospace; white-space: pre-wrap }
div { display: flex; gap: 1rem } figure { margin: 0 } .yes { color: #1a7030 } .no { color: #b01010 }
</style>
<h1>A script becomes a service</h1>
<div>${figures.join('')}</div>
<pre>${marked}</pre>
</html>
`,
  )
  return file
}

function parsePgm(pgm: Buffer): { width: number; height: number; pixels: Uint8Array } {
  const [, width, height] = /^P5 (\d+) (\d+) 255\n/.exec(pgm.toString('latin1', 0, 40)) ?? []
  const size = { width: Number(width), height: Number(height) }
  return { ...size, pixels: pgm.subarray(pgm.length - size.width * size.height) }
}
