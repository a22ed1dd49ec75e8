import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'

/**
 * What was compiled once is not compiled again by the next process; where the cache cannot be written, nothing changes. Only
 * code that is loaded after this call profits. It lies in the user's own cache folder, because what lies there is run: of
 * Node's default, below the folder for temporary files, others could be the first to make it. NODE_COMPILE_CACHE chooses another.
 */
export function keepCompiledCode(): void {
  try {
    const base = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache')
    enableCompileCache(path.join(base, 'longhaul', 'compiled'))
  } catch {
    // A user without a home has no cache.
  }
}
