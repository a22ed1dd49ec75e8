import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from '../exit-code.ts'

export interface FileToPut {
  readonly path: string
  /** What the service calls it: below a folder with the folder's name and `/`. */
  readonly name: string
  /** As a person finds it from where the command was given. */
  readonly shown: string
  readonly size: number
}

/** Every file that was named, and every one below a folder, in the order of their names. */
export async function filesToPut(words: readonly string[], cwd: string): Promise<FileToPut[]> {
  if (words.length === 0) throw new UsageError('Which files? Name files or folders')
  const files = new Map<string, FileToPut>()
  const add = (file: string, name: string, size: number): void => {
    const shown = path.relative(cwd, file)
    files.set(file, { path: file, name, shown: shown.startsWith('..') ? file : shown, size })
  }
  for (const word of words) {
    const given = path.resolve(cwd, word)
    const found = await stat(given).catch((cause: unknown) => {
      const { code, message } = cause as NodeJS.ErrnoException
      throw new UsageError(code === 'ENOENT' ? `There is no file ${word}` : message)
    })
    if (!found.isDirectory()) {
      if (!found.isFile()) throw new UsageError(`${word} is neither a file nor a folder`)
      add(given, path.basename(given), found.size)
      continue
    }
    const entries = await readdir(given, { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      const file = path.join(entry.parentPath, entry.name)
      // What a link leads to is sent as a file; a folder behind one is not, for it may lead back here.
      const whole = entry.isDirectory() ? undefined : await stat(file).catch(() => undefined)
      const name = path.relative(path.dirname(given), file).split(path.sep).join('/')
      if (whole?.isFile()) add(file, name, whole.size)
    }
  }
  if (files.size === 0) throw new UsageError(`There is no file in ${words.join(', ')}`)
  return [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
