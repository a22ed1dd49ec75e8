import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'

/**
 * SHA-256 (hex) of a served file and of those beside or below it that it had loaded when it described itself: a fix in any
 * of them makes other code of it. Of a file by itself it is the digest of its bytes.
 */
export async function codeDigest(file: string, loaded: readonly string[] = []): Promise<string> {
  const main = await realpath(file)
  const folder = path.dirname(main) + path.sep
  const names = new Set<string>()
  for (const one of loaded) {
    const real = await realpath(one).catch(() => main) // loaded and deleted since: there is nothing to read
    if (real !== main && real.startsWith(folder)) names.add(real)
  }
  const own = digestOf(await readFile(main))
  if (names.size === 0) return own
  const lines = [`${own}  .`]
  for (const one of [...names].sort())
    lines.push(`${digestOf(await readFile(one))}  ${path.relative(folder, one)}`)
  return digestOf(lines.join('\n'))
}

const digestOf = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex')
