import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'

/**
 * Where compiled code is kept, for NODE_COMPILE_CACHE of a process that is started: the folder that this variable names
 * here, or one in the user's own cache folder, because what lies there is run: of Node's default, below the folder for
 * temporary files, others could be the first to make it. Undefined for a user without a home.
 */
export function compiledCodeFolder(): string | undefined {
  const named = process.env['NODE_COMPILE_CACHE']
  if (named) return named
  try {
    const base = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache')
    return path.join(base, 'longhaul', 'compiled')
  } catch {
    return undefined
  }
}

/**
 * What was compiled once is not compiled again by the next process; where the cache cannot be written, nothing changes. Only
 * code that is loaded after this call profits.
 */
export function keepCompiledCode(): void {
  const folder = compiledCodeFolder()
  if (folder !== undefined) enableCompileCache(folder)
}
