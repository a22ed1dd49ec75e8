import { createHash } from 'node:crypto'
import { watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

const code = /\.([cm]?[jt]s|py)$/
const settledMs = 150

/**
 * Calls back when code in the folder of a served file has another content than before: the file itself, or one beside it that
 * it may import. Editors write in several steps, so it waits until they are through; one call at a time.
 */
export async function watchCode(
  file: string,
  changed: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const folder = path.dirname(file)
  let known = await digestOf(folder, file)
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()
  const look = async (): Promise<void> => {
    const now = await digestOf(folder, file)
    if (now === known || signal.aborted) return
    known = now
    await changed()
  }
  const watcher = watch(folder, { signal }, (_event, name) => {
    if (name !== null && !isCode(name, file)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      looking = looking.then(look, look)
    }, settledMs)
  })
  // A folder that is removed under it ends the watching, not the service.
  watcher.on('error', () => watcher.close())
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
}

const isCode = (name: string, file: string): boolean =>
  code.test(name) || name === path.basename(file)

async function digestOf(folder: string, file: string): Promise<string> {
  const digest = createHash('sha256')
  for (const name of (await readdir(folder).catch(() => [])).sort()) {
    if (!isCode(name, file)) continue
    const bytes = await readFile(path.join(folder, name)).catch(() => undefined)
    if (bytes !== undefined) digest.update(`${name}\0${bytes.length}\0`).update(bytes)
  }
  return digest.digest('hex')
}
