import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Act } from './act.ts'

/** The night as one page that needs no other file. Answers where. */
export async function writePage(
  folder: string,
  acts: readonly Act[],
  verdict: string,
): Promise<string> {
  const file = path.join(folder, 'index.html')
  await mkdir(folder, { recursive: true })
  await writeFile(
    file,
    `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>3 a.m.</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; background: #14161a; color: #d8d8d4 }
section { margin: 2rem 0; padding: 1rem 1.5rem; background: #1d2026; border-radius: 6px }
h2 { margin: 0 } pre { font: 13px/1.45 ui-monospace, monospace; overflow-x: auto; background: #101216; padding: .8rem }
code { color: #f0c674 } ul { list-style: none; padding: 0 } .yes::before { content: '✓ '; color: #7fb86a } .no::before { content: '✗ '; color: #e06c60 }
</style>
<h1>3 a.m.</h1><p>${escaped(verdict)}</p>
${acts.map(section).join('\n')}
</html>
`,
  )
  return file
}

const section = ({ title, trouble, question, answer, cure, checks }: Act): string => `<section>
<h2>${escaped(title)}</h2><p>${escaped(trouble)}</p>
<p><code>$ ${escaped(question)}</code></p><pre>${escaped(answer)}</pre>
<p><code>$ ${escaped(cure)}</code></p>
<ul>${checks.map(({ says, holds }) => `<li class="${holds ? 'yes' : 'no'}">${escaped(says)}</li>`).join('')}</ul>
</section>`

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (char) => `&#${char.codePointAt(0)};`)
