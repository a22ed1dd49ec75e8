import { execFile } from 'node:child_process'
import { cp, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

/** The files that `docker build` would be sent: those of the checkout that .dockerignore lets through. */
export async function contextFiles(root: string): Promise<readonly string[]> {
  const rules = parseIgnore(await readFile(path.join(root, '.dockerignore'), 'utf8'))
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  const { stdout } = await promisify(execFile)('git', args, { cwd: root, maxBuffer: 1e8 })
  return stdout.split('\0').filter((name) => name !== '' && !isIgnored(rules, name))
}

interface Rule {
  readonly glob: string
  readonly keeps: boolean
}

export const parseIgnore = (text: string): readonly Rule[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ glob: line.replace(/^!/, ''), keeps: line.startsWith('!') }))

/** The last rule that names the file or a folder above it decides. */
export function isIgnored(rules: readonly Rule[], name: string): boolean {
  const parts = name.split('/')
  const itself = parts.map((_, n) => parts.slice(0, n + 1).join('/'))
  const last = rules.findLast(({ glob }) => itself.some((one) => path.matchesGlob(one, glob)))
  return last !== undefined && !last.keeps
}

/** Copies those at or below `source` to `target`, as COPY does. */
export async function copyFromContext(
  root: string,
  files: readonly string[],
  source: string,
  target: string,
): Promise<void> {
  const plain = source.replace(/\/$/, '')
  const below = plain === '.' ? files : files.filter((name) => name.startsWith(`${plain}/`))
  if (files.includes(plain)) {
    const into = target.endsWith('/') ? path.join(target, path.basename(plain)) : target
    await cp(path.join(root, plain), into)
  } else if (below.length === 0) throw new Error(`COPY ${source}: .dockerignore leaves nothing`)
  for (const name of below) {
    const inside = plain === '.' ? name : name.slice(plain.length + 1)
    // Deleted in the checkout, and not yet committed.
    await cp(path.join(root, name), path.join(target, inside), { force: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      },
    )
  }
}
