/** The first code of a processor's thread: what is loaded after it comes from the cache of compiled code. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
await import('./serve-processor.ts')
