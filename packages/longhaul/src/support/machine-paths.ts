import { readdirSync } from 'node:fs'

let roots: ReadonlySet<string> | undefined

/**
 * Text that leaves the machine: absolute paths of this machine shrink to their last name (`/home/ana/segment.py` → `segment.py`).
 * A path counts when its first segment is one here, so that URLs and JSON pointers stay as they are; `file:` URLs are paths.
 */
export function hideMachinePaths(text: string): string {
  if (!text.includes('/')) return text
  roots ??= new Set(readdirSync('/'))
  // One class of characters, so that matching takes time in proportion to the text, whoever wrote it.
  return text.replaceAll(/(?:file:\/\/|(?<![\w:/.~-]))\/[^\s'"<>:]+/g, lastNameOf)
}

function lastNameOf(path: string): string {
  const [first = '', ...rest] = path
    .replace(/^file:\/\//, '')
    .split('/')
    .filter(Boolean)
  const last = rest.at(-1)
  if (last === undefined || !roots?.has(first)) return path
  return path.endsWith('/') ? `${last}/` : last
}
