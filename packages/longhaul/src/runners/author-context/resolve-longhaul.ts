import { createRequire, registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'

const entries = ['longhaul', 'longhaul/testing'] as const
let resolving = false

/**
 * Makes `import … from 'longhaul'`, and `require` of it, mean this very copy of the package, wherever the author's file
 * lies: an empty folder needs no node_modules, and declaration and runner are always of one version. Node resolves a
 * package's own name from within, through its `exports`, so the same lines serve the sources and the built package.
 */
export function resolveLonghaul(): void {
  if (resolving) return
  resolving = true
  const here = createRequire(import.meta.url)
  const urls = new Map<string, string>(
    entries.map((entry) => [entry, pathToFileURL(here.resolve(entry)).href]),
  )
  registerHooks({
    resolve: (specifier, context, next) => {
      const url = urls.get(specifier)
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true }
    },
  })
}
