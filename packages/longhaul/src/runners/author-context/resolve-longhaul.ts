import { registerHooks } from 'node:module'

let resolving = false

/**
 * Makes `import … from 'longhaul'` mean this very copy of the package, wherever the author's file lies: an empty folder
 * needs no node_modules, and declaration and runner are always of one version. Node resolves a package's own name from
 * within, through its `exports`, so the same line serves the sources and the built package.
 */
export function resolveLonghaul(): void {
  if (resolving) return
  resolving = true
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'longhaul' || specifier.startsWith('longhaul/')
        ? next(specifier, { ...context, parentURL: import.meta.url })
        : next(specifier, context),
  })
}
