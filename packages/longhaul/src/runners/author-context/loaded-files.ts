import { realpathSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * From now on, notes the modules that are loaded from a folder of the author's; what was installed belongs to nobody's code.
 * Answers those noted until then.
 */
export function noteLoadedFiles(folder: string): () => readonly string[] {
  const files = new Set<string>()
  // Modules are loaded under their real names.
  const inside = path.join(realpathSync(folder), path.sep)
  registerHooks({
    load: (url, context, next) => {
      if (url.startsWith('file:')) {
        const file = fileURLToPath(url)
        const own = file.startsWith(inside) && !file.includes(`${path.sep}node_modules${path.sep}`)
        if (own) files.add(file)
      }
      return next(url, context)
    },
  })
  return () => [...files]
}
