import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../../..')
const pages: string[] = []
for await (const name of glob(['*.md', 'docs/**/*.md', 'examples/*/*.md', 'python/*.md'], {
  cwd: root,
}))
  pages.push(name)

/** Links of a page outside its code: `[text](target)` and `[text]: target`. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^(```|~~~)[^]*?^\1/gm, '').replace(/`[^`\n]*`/g, '')
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)]
  const defined = [...prose.matchAll(/^\s*\[[^\]]+\]:\s+(\S+)/gm)]
  return [...inline, ...defined].map(([, target = '']) => target)
}

/** As the places that show Markdown name headings. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/`|\*|_(?=\w)|(?<=\w)_(?=\s|$)/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')

async function mistakeOf(page: string, link: string): Promise<string | undefined> {
  if (/^(https?|mailto):/.test(link)) return undefined
  const [target = '', anchor] = decodeURI(link).split('#')
  const file = target === '' ? page : path.join(path.dirname(page), target)
  if (!existsSync(path.join(root, file))) return `${page}: ${link} leads nowhere`
  if (anchor === undefined || !file.endsWith('.md')) return undefined
  const text = await readFile(path.join(root, file), 'utf8')
  const anchors = [...text.matchAll(/^#{1,6}\s+(.+)$/gm)].map(([, heading = '']) =>
    anchorOf(heading),
  )
  return anchors.includes(anchor) ? undefined : `${page}: ${file} has no heading #${anchor}`
}

it('has no link in the documentation that leads nowhere', async () => {
  const mistakes: string[] = []
  let links = 0
  for (const page of pages) {
    for (const link of linksOf(await readFile(path.join(root, page), 'utf8'))) {
      links += 1
      const mistake = await mistakeOf(page, link)
      if (mistake !== undefined) mistakes.push(mistake)
    }
  }
  // What looked at nothing would find nothing.
  expect(pages.length).toBeGreaterThan(15)
  expect(links).toBeGreaterThan(30)
  expect(mistakes).toEqual([])
})

it('would find a link that leads nowhere', async () => {
  const text = '[a](nowhere.md) `[b](code.md)` [c](configuration.md#nothing) [d](glossary.md)\n'
  const found = await Promise.all(
    linksOf(text).map((link) => mistakeOf('docs/reference/page.md', link)),
  )
  expect(found).toEqual([
    'docs/reference/page.md: nowhere.md leads nowhere',
    'docs/reference/page.md: docs/reference/configuration.md has no heading #nothing',
    undefined,
  ])
})
