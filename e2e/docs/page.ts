import { readFile } from 'node:fs/promises'

/** A fenced block of a page. */
export interface Block {
  readonly line: number
  readonly language: string
  readonly code: string
  /** What its first line calls it: `// count.ts`, `# tiles.py`. Such a block is a file. */
  readonly file: string | undefined
}

/** Every fenced block of a page, in order. One that is never closed is an error: readers would see the rest as code. */
export async function blocksOf(page: string): Promise<readonly Block[]> {
  const blocks: Block[] = []
  let open: { line: number; language: string; code: string[] } | undefined
  for (const [at, text] of (await readFile(page, 'utf8')).split('\n').entries()) {
    if (!text.startsWith('```')) {
      open?.code.push(text)
    } else if (open === undefined) {
      open = { line: at + 1, language: text.slice(3).trim(), code: [] }
    } else {
      const { line, language, code } = open
      const file = /^(?:\/\/|#) ([\w./-]+\.\w+)$/.exec(code[0] ?? '')?.[1]
      blocks.push({ line, language, code: `${code.join('\n')}\n`, file })
      open = undefined
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: a block that does not end`)
  return blocks
}

/** What somebody types, and what he then sees. */
export interface Typed {
  readonly command: string
  readonly shown: string
}

/** A `console` block: `$ command`, lines that go on after a backslash or stand in one quotation, and what came of it. */
export function typedIn(code: string): readonly Typed[] {
  const typed: { command: string; shown: string }[] = []
  let continues = false
  for (const line of code.split('\n')) {
    const last = typed.at(-1)
    if (line.startsWith('$ ')) typed.push({ command: line.slice(2), shown: '' })
    else if (last === undefined) throw new Error(`a console block begins with $, not ${line}`)
    else if (continues) last.command += `\n${line}`
    else last.shown += `${line}\n`
    continues = (typed.at(-1)?.shown === '' && line.endsWith('\\')) || false
  }
  return typed
}

/** Whether this is what the page shows. `…` stands for anything in a line, alone in a line for any lines; `01k8…` for the rest of an id. */
export function isAsShown(said: string, shown: string): boolean {
  return isMatch(linesOf(said), linesOf(shown.replaceAll('01k8…', '…')))
}

const linesOf = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => line.trim())

function isMatch(said: readonly string[], shown: readonly string[]): boolean {
  const [first, ...rest] = shown
  if (first === undefined) return said.length === 0
  if (first === '…') return [...said, ''].some((_, n) => isMatch(said.slice(n), rest))
  const pattern = first
    .split('…')
    .map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
    .join('.*')
  const [line] = said
  return line !== undefined && new RegExp(`^${pattern}$`).test(line) && isMatch(said.slice(1), rest)
}
