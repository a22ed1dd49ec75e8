/**
 * The process in which a TypeScript processor lives: `node node-child.ts <file>`. Only code that is loaded after the call
 * comes from the cache of compiled code, so all the rest is in serve-processors.ts.
 */
import { keepCompiledCode } from '../../support/compiled-code.ts'

keepCompiledCode()
await import('./serve-processors.ts')
