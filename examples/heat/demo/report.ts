import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Ledger } from './ledger.ts'
import { pngOf, type Picture } from './picture.ts'
import type { HeatRun } from './run-heat.ts'

export interface Claim {
  readonly sentence: string
  readonly holds: boolean
}

/** One page that needs no other file: the plate at each kill, what came out, and what was checked. Answers where. */
export async function writeReport(
  folder: string,
  what: {
    readonly run: HeatRun
    readonly reference: HeatRun
    readonly ledger: Ledger
    readonly last: Picture | undefined
    readonly claims: readonly Claim[]
    readonly seed: number
  },
): Promise<string> {
  const { run, reference, ledger, last, claims, seed } = what
  const figure = (picture: Picture | undefined, caption: string): string => {
    const image = picture
      ? `<img alt="" src="data:image/png;base64,${pngOf(picture).toString('base64')}">`
      : ''
    return `<figure>${image}<figcaption>${caption}</figcaption></figure>`
  }
  const kills = run.kills.map(({ victim, step, picture }, index) =>
    figure(picture, `<b>kill ${index + 1}, step ${step}</b><br>${victim}`),
  )
  const rows = run.outputs.map(([name, bytes, sha256], index) => {
    const [, , undisturbed = ''] = reference.outputs[index] ?? []
    const same = undisturbed === sha256 ? '=' : '≠'
    return `<tr><td>${name}<td>${bytes}<td><code>${sha256.slice(0, 16)}…</code><td>${same}<td><code>${undisturbed.slice(0, 16)}…</code>`
  })
  const resumed = ledger.resumed.map(
    ({ attempt, from, repeatedSteps, repeatedMs }) =>
      `<li>attempt ${attempt} went on at step ${from}; ${repeatedSteps} steps (${Math.round(repeatedMs)} ms) were done again`,
  )
  const file = path.join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  await writeFile(
    file,
    `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A plate cools, whatever dies</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; background: #f4f4f2; color: #222 }
.plates { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: 1.2rem }
figure { margin: 0 } img { width: 100%; image-rendering: pixelated; background: #000 }
figcaption { font-size: 13px } table { border-collapse: collapse } td, th { padding: .1rem .8rem .1rem 0; text-align: left }
.yes { color: #1a7030 } .no { color: #b01010; font-weight: bold }
</style>
<h1>A plate cools, whatever dies</h1>
<p>${run.kills.length} times <code>kill -9</code> (seed ${seed}), ${run.seconds.toFixed(0)} s; undisturbed ${reference.seconds.toFixed(0)} s.
Each picture is the last one that was seen before the kill.</p>
<ul>${claims.map(({ sentence, holds }) => `<li class="${holds ? 'yes' : 'no'}">${holds ? '✓' : '✗'} ${sentence}`).join('')}</ul>
<div class="plates">${kills.join('')}${figure(last, '<b>the end</b>')}</div>
<h2>Where it went on</h2><ul>${resumed.join('')}</ul>
<h2>What came out, and what came out undisturbed</h2>
<table><tr><th>output<th>bytes<th>SHA-256<th><th>undisturbed</tr>${rows.join('')}</table>
</html>
`,
  )
  return file
}
