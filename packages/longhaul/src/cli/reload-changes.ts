import path from 'node:path'
import type { App } from '../app/index.ts'
import type { Output } from './output.ts'
import { watchCode } from './watch-code.ts'

/** Loads served files again when their code changes, and says so; until `signal` aborts. */
export async function reloadChanges(app: App, output: Output, signal: AbortSignal): Promise<void> {
  for (const source of app.sources) {
    if (source.kind !== 'file') continue
    const name = path.basename(source.path)
    await watchCode(
      source.path,
      async () => {
        const began = performance.now()
        const reloaded = await app.reload(source)
        const ms = Math.round(performance.now() - began)
        if (reloaded.kind === 'refused') {
          output.object('reloaded', { source: name, processors: [], problem: reloaded.detail })
          output.complain(
            `  ${name} was not loaded again, what ran before goes on: ${reloaded.detail}`,
          )
          return
        }
        const processors = reloaded.runners.map(({ description }) => ({
          name: description.name,
          version: description.version,
        }))
        output.object('reloaded', { source: name, processors, problem: null })
        const names = processors.map((one) => `${one.name} ${one.version}`).join(', ')
        output.say(`  ${name} loaded again in ${ms} ms: ${names}`)
      },
      signal,
    )
  }
}
