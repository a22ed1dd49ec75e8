import { pathToFileURL } from 'node:url'
import { isProcessor, type Processor } from '../../processor/index.ts'

/** Imports a served file: its default export is a processor, or an array of them. */
export async function loadProcessors(file: string): Promise<readonly Processor[]> {
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown }
  // A CommonJS module that was compiled from one with a default export holds it once more inside.
  const exported =
    isRecord(module.default) && 'default' in module.default && !isProcessor(module.default)
      ? module.default['default']
      : module.default
  const processors: unknown[] = Array.isArray(exported) ? exported : [exported]
  if (processors.length === 0) throw new TypeError('The default export is an empty array.')
  for (const processor of processors) {
    if (!isProcessor(processor))
      throw new TypeError(
        'The default export is no processor; write `export default defineProcessor({ … })`, or an array of them.',
      )
  }
  return processors as Processor[]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
