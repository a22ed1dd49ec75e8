/** The first code of a processor's thread: what is loaded after it comes from the cache of compiled code. */
import { keepCompiledCode } from '../../support/compiled-code.ts'

keepCompiledCode()
await import('./serve-processor.ts')
