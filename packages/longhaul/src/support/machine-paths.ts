import { readdirSync } from 'node:fs'

let roots: ReadonlySet<string> | undefined

/**
 * Text that leaves the machine: absolute paths of this machine shrink to their last name (`/home/ana/segment.py` → `segment.py`).
 * A path counts when its first segment is one here, so that URLs and JSON pointers stay as they are; `file:` URLs are paths.
 */
export function hideMachinePaths(text: string): string {
  if (!text.includes('/')) return text
  roots ??= new Set(readdirSync('/'))
  return text.replaceAll(
    /(?:file:\/\/|(?<![\w:/.~-]))\/([^\s/'"<>:]+)(?:\/[^\s/'"<>:]+)*\/([^\s/'"<>:,;)]+)/g,
    (path: string, first: string, last: string) => (roots?.has(first) ? last : path),
  )
}
