import path from 'node:path'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { childProcessRunners } from '../runners/index.ts'
import type { ProcessorSource, Runner } from '../runners/runner.ts'
import type { Config } from './config.ts'
import type { Services } from './services.ts'

/** Opens every source at once; one that cannot be loaded is reported, the others serve. Throws on two equal names. */
export async function openProcessors(
  sources: readonly ProcessorSource[],
  config: Config,
): Promise<Pick<Services, 'runners' | 'broken'>> {
  const runners = new Map<string, Runner>()
  const broken: { source: string; name: string; detail: string }[] = []
  const options = {
    slots: config.maxConcurrentJobs,
    dataDir: config.dataDir,
    env: config.processorEnv,
    python: config.python,
    recordsFileBytes: config.recordsFileBytes,
    shardBytes: config.shardBytes,
  }
  const opened = await Promise.allSettled(
    sources.map((source) => childProcessRunners.open(source, options)),
  )
  for (const [index, result] of opened.entries()) {
    const source = sources[index]
    if (source === undefined) continue
    if (result.status === 'fulfilled') {
      for (const runner of result.value) {
        const { name } = runner.description
        if (runners.has(name)) {
          await Promise.all([...runners.values(), runner].map((one) => one.stop()))
          throw new LonghaulError(
            'invalid-config',
            `Two processors are called ${name}; give one another name.`,
          )
        }
        runners.set(name, runner)
      }
    } else {
      if (!isLonghaulError(result.reason)) throw result.reason
      broken.push({ ...nameOf(source), detail: result.reason.message })
    }
  }
  return { runners, broken }
}

function nameOf(source: ProcessorSource): { source: string; name: string } {
  if (source.kind === 'program') return { source: source.template, name: source.name }
  return { source: path.basename(source.path), name: path.parse(source.path).name }
}
