import path from 'node:path'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { childProcessRunners } from '../runners/index.ts'
import type { ProcessorSource, Runner, RunnerOptions } from '../runners/runner.ts'
import type { Config } from './config.ts'
import type { BrokenSource } from './services.ts'
import { describedRunner } from './described-runner.ts'
import { withActions } from './with-actions.ts'

/** What serves now, by name; changes when a source is loaded again. */
export interface OpenedProcessors {
  readonly runners: Map<string, Runner>
  readonly broken: BrokenSource[]
  readonly namesOf: Map<ProcessorSource, readonly string[]>
  /** Runners that have been replaced and end with what runs on them. */
  readonly leaving: Set<Promise<void>>
  /** It loads now. */
  forgive(source: ProcessorSource): void
}

/**
 * Opens every source at once; one that cannot be loaded is reported, the others serve. Without the worker's role they are
 * only asked to describe themselves: no child stays, no setup is waited for. Throws on two equal names, and on what only the
 * operator can mend.
 */
export async function openProcessors(
  sources: readonly ProcessorSource[],
  config: Config,
  bind?: RunnerOptions['bind'],
): Promise<OpenedProcessors> {
  const runners = new Map<string, Runner>()
  const broken: OpenedProcessors['broken'] = []
  const namesOf = new Map<ProcessorSource, readonly string[]>()
  const options = {
    slots: config.maxConcurrentJobs,
    dataDir: config.dataDir,
    env: config.processorEnv,
    python: config.python,
    recordsFileBytes: config.recordsFileBytes,
    shardBytes: config.shardBytes,
    actionSlots: config.actionSlots,
    actionQueue: config.actionQueue,
    operationSlots: config.operationConcurrency,
    ...(bind && { bind }),
  }
  const { concurrency } = config.callables
  const open = async (source: ProcessorSource): Promise<readonly Runner[]> => {
    const found = config.roles.worker
      ? await childProcessRunners.open(source, options)
      : (await childProcessRunners.describe(source, options)).map(describedRunner)
    if (source.kind === 'callable')
      return concurrency === undefined
        ? found
        : found.map((runner) => ({
            ...runner,
            description: { ...runner.description, concurrency },
          }))
    if (!config.roles.api || !config.directActions) return found
    return found.map((runner) =>
      withActions(runner, childProcessRunners.openActions(source, runner.description, options)),
    )
  }
  const opened = await Promise.allSettled(sources.map(open))
  for (const [index, result] of opened.entries()) {
    const source = sources[index]
    if (source === undefined) continue
    if (result.status === 'fulfilled') {
      namesOf.set(
        source,
        result.value.map(({ description }) => description.name),
      )
      for (const runner of result.value) {
        const { name } = runner.description
        if (runners.has(name)) {
          await stopAll(opened)
          throw new LonghaulError(
            'invalid-config',
            `Two processors are called ${name}; give one another name.`,
          )
        }
        runners.set(name, runner)
      }
    } else {
      // A setting that is missing is the operator's to mend, before anything is taken.
      if (!isLonghaulError(result.reason) || result.reason.code === 'invalid-config') {
        await stopAll(opened)
        throw result.reason
      }
      broken.push({ ...nameOf(source), detail: result.reason.message })
    }
  }
  const forgive = (source: ProcessorSource): void => {
    const at = broken.findIndex((one) => one.source === nameOf(source).source)
    if (at !== -1) broken.splice(at, 1)
  }
  return { runners, broken, namesOf, leaving: new Set(), forgive }
}

/** A start that fails leaves no child behind. */
async function stopAll(opened: readonly PromiseSettledResult<readonly Runner[]>[]): Promise<void> {
  const runners = opened.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  await Promise.all(runners.map((runner) => runner.stop()))
}

function nameOf(source: ProcessorSource): Omit<BrokenSource, 'detail'> {
  if (source.kind === 'callable')
    return { source: source.entrypoint, name: source.name, callable: source.entrypoint }
  if (source.kind === 'program') return { source: source.template, name: source.name }
  return { source: path.basename(source.path), name: path.parse(source.path).name }
}
