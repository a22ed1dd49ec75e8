import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

export interface Check {
  readonly says: string
  readonly holds: boolean
}
export interface Moment {
  readonly what: string
  readonly seconds: number
  readonly sentBytes: number
}
export interface Told {
  readonly title: string
  readonly verdict: string
  readonly checks: readonly Check[]
  readonly moments: readonly Moment[]
  /** Of the file. */
  readonly totalBytes: number
  readonly seconds: number
  /** Bytes over the line, by time. */
  readonly sent: readonly { readonly seconds: number; readonly bytes: number }[]
  /** What a request that starts over each time would have had to send. */
  readonly startingOverBytes: number
}

const [width, height] = [900, 320]

/** One page that needs no other file: what went over the line by time, and each thing that went wrong. Answers where. */
export async function writePage(folder: string, told: Told): Promise<string> {
  const { sent, moments, totalBytes, seconds, startingOverBytes } = told
  const most = Math.max(startingOverBytes, totalBytes)
  const x = (at: number): string => ((at / Math.max(seconds, 1)) * width).toFixed(1)
  const y = (bytes: number): string => (height - (bytes / most) * height).toFixed(1)
  const line = sent.map((at) => `${x(at.seconds)},${y(at.bytes)}`).join(' ')
  const marks = moments.map(
    ({ what, seconds: at, sentBytes }) =>
      `<circle cx="${x(at)}" cy="${y(sentBytes)}" r="4"><title>${what}</title></circle>`,
  )
  const level = (bytes: number, text: string): string =>
    `<path d="M0 ${y(bytes)}H${width}"/><text x="6" y="${Number(y(bytes)) - 5}">${text}</text>`
  const file = path.join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  await writeFile(
    file,
    `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${told.title}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: #f4f4f2; color: #222 }
svg { width: 100%; background: #fff; overflow: visible } polyline { fill: none; stroke: #1a7030; stroke-width: 2 }
path { stroke: #999; stroke-dasharray: 4 4 } circle { fill: #b01010 } text { font-size: 13px; fill: #555 }
ul { list-style: none; padding: 0 } .yes::before { content: '✓ '; color: #1a7030 } .no::before { content: '✗ '; color: #b01010 }
</style>
<h1>${told.title}</h1><p>${told.verdict}</p>
<ul>${told.checks.map(({ says, holds }) => `<li class="${holds ? 'yes' : 'no'}">${says}</li>`).join('')}</ul>
<svg viewBox="0 -20 ${width} ${height + 40}">${level(totalBytes, 'the file')}${level(startingOverBytes, 'a request that starts over each time')}
<polyline points="${line}"/>${marks.join('')}</svg>
<p>Bytes over the line, by time. Each dot is something that went wrong:</p>
<ol>${moments.map(({ what, seconds: at }) => `<li>${at.toFixed(1)} s: ${what}</li>`).join('')}</ol>
</html>
`,
  )
  return file
}
