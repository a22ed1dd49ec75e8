import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** The block of the README's first screen, taken apart: two files in two columns, then what to type and what comes back. */
export interface FirstScreen {
  readonly files: Readonly<Record<string, string>>
  readonly steps: readonly Step[]
}
export interface Step {
  readonly command: string
  /** From the comment: another command that does the same. */
  readonly or: string | undefined
  /** The lines that the README promises. */
  readonly answer: readonly string[]
}

export async function readFirstScreen(): Promise<FirstScreen> {
  const readme = await readFile(path.join(import.meta.dirname, '../../README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```\n(.*?)^```$/gms)].map(([, text]) => text ?? '')
  const block = blocks.find((text) => text.startsWith('thumbs.py'))
  if (block === undefined) throw new Error('README.md has no block that begins with thumbs.py')
  const lines = block.trimEnd().split('\n')
  const firstStep = lines.findIndex((line) => line.startsWith('$ '))
  return { files: twoFiles(lines.slice(0, firstStep)), steps: stepsOf(lines.slice(firstStep)) }
}

function twoFiles([head = '', ...lines]: readonly string[]): Record<string, string> {
  const column = head.indexOf('thumbs.ts')
  const text = (cut: (line: string) => string): string =>
    `${lines.map((line) => cut(line).trimEnd()).join('\n')}\n`
  return {
    'thumbs.py': text((line) => line.slice(0, column)),
    'thumbs.ts': text((line) => line.slice(column)),
  }
}

function stepsOf(lines: readonly string[]): Step[] {
  const steps: { command: string; or: string | undefined; answer: string[] }[] = []
  for (const line of lines) {
    if (!line.startsWith('$ ')) {
      steps.at(-1)?.answer.push(line)
      continue
    }
    const [command = '', comment = ''] = line.slice(2).split(/\s+# /)
    steps.push({ command, or: /^or: (.+)$/.exec(comment)?.[1], answer: [] })
  }
  return steps
}
