import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseTasks } from '../callables/index.ts'
import type { ProcessorSource } from '../runners/runner.ts'
import { parseByteSize } from '../support/byte-size.ts'
import { UsageError } from './exit-code.ts'

/** What `serve` and `try` were given to run: files, modules, and a program's template. */
export async function processorSources(
  words: readonly string[],
  program: {
    readonly template?: string | undefined
    readonly name?: string | undefined
    readonly memory?: string | undefined
  },
  cwd: string,
  /** Whether the settings list something that can be called. */
  listsCallables = false,
): Promise<readonly ProcessorSource[]> {
  const sources: ProcessorSource[] = []
  for (const word of words) {
    const file = await fileOf(word, cwd)
    if (/\.ya?ml$/.test(file))
      sources.push(...(await parseTasks(await readFile(file, 'utf8'), file)))
    else sources.push({ kind: 'file', path: file })
  }
  const { template } = program
  if (template !== undefined) {
    if (template.trim() === '')
      throw new UsageError('--run needs a program: --run "prog {in:file} {out:out.txt}"')
    const [open] = /\{[A-Za-z_]\w*:[^{}\s]*(?=\s|$)/.exec(template) ?? []
    if (open !== undefined)
      throw new UsageError(`--run: ${open} is not closed; write ${open.replace(/['"]+$/, '')}}`)
    const name = program.name ?? programName(template)
    sources.push({ kind: 'program', name, template, cwd, ...memoryLimit(program.memory) })
  } else if (program.memory !== undefined) {
    throw new UsageError('--memory limits the program of --run; a file says what its own may hold')
  } else if (program.name !== undefined) {
    throw new UsageError('--name names the program of --run; a file names its own processors')
  }
  if (sources.length === 0 && !listsCallables) {
    throw new UsageError(
      'Which processor? Give a file (longhaul serve thumbs.py) or a program (--run "prog {in:file}")',
    )
  }
  return sources
}

function memoryLimit(text: string | undefined): { readonly memoryBytes?: number } {
  if (text === undefined) return {}
  try {
    return { memoryBytes: parseByteSize(text) }
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--memory: ${error.message}`)
    throw error
  }
}

async function fileOf(word: string, cwd: string): Promise<string> {
  const file = path.resolve(cwd, word)
  const found = await stat(file).catch(() => undefined)
  if (found?.isFile() === true) return file
  if (found?.isDirectory() === true)
    throw new UsageError(`${word} is a folder; give the file in it that has the processor`)
  // No file: then a module that the current folder has installed, unless it can only be meant as a file.
  if (!/^\.{0,2}\//.test(word) && !/\.(ts|js|mjs|py|sh|ya?ml)$/.test(word)) {
    const resolved = moduleFile(word, cwd)
    if (resolved !== undefined) return resolved
  }
  throw new UsageError(`There is no file ${word}${path.isAbsolute(word) ? '' : ` in ${cwd}`}`)
}

/** An installed package's own entry. One that exports to `import` alone has no path that could be looked up here. */
function moduleFile(name: string, cwd: string): string | undefined {
  try {
    return createRequire(path.join(cwd, 'here.js')).resolve(name)
  } catch {
    return undefined
  }
}

/** `ffmpeg -i {video:file}` → `ffmpeg`. */
const programName = (template: string): string =>
  path.parse(template.trim().split(/\s+/)[0] ?? '').name.replace(/[^\w.-]/g, '-') || 'program'
