import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ResultRow } from './check-results.ts'

export interface Check {
  readonly says: string
  readonly holds: boolean
}

/** The batch as one page that needs no other file: a cell for each image, coloured by how it went. Answers where. */
export async function writePage(
  folder: string,
  rows: readonly ResultRow[],
  checks: readonly Check[],
  verdict: string,
): Promise<string> {
  const file = path.join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  const cells = rows.map(
    ({ status, attempt, name }) =>
      `<i class="${status}${attempt > 1 ? ' again' : ''}" title="${name}"></i>`,
  )
  await writeFile(
    file,
    `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A batch</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; background: #14161a; color: #d8d8d4 }
main { display: flex; flex-wrap: wrap; gap: 1px } i { width: 7px; height: 7px; background: #555 }
.completed { background: #4c8f4a } .again { background: #f0c674 } .failed { background: #e06c60 }
ul { list-style: none; padding: 0 } .yes::before { content: '✓ ' } .no::before { content: '✗ ' }
</style>
<h1>A batch of ${rows.length} images</h1><p>${verdict}</p>
<ul>${checks.map(({ says, holds }) => `<li class="${holds ? 'yes' : 'no'}">${says}</li>`).join('')}</ul>
<p>Green: done at its first attempt. Yellow: at a later one, its worker had died or it was retried.</p>
<main>${cells.join('')}</main>
</html>
`,
  )
  return file
}
