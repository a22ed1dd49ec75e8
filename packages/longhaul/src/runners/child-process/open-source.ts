import { realpathSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../../errors/index.ts'
import type { ProcessorDescription } from '../../processor/index.ts'
import { loadProcessors } from '../author-context/load-processors.ts'
import { resolveLonghaul } from '../author-context/resolve-longhaul.ts'
import { checkDescription } from '../check-description.ts'
import { inlineRunner } from '../inline/index.ts'
import type { ProcessorSource, Runner, RunnerFactory, RunnerOptions } from '../runner.ts'
import { threadRunner } from '../worker-thread/index.ts'
import { callableCommand } from './callable-command.ts'
import { childEnvironment } from './child-environment.ts'
import { processRunner } from './process-runner.ts'
import { programRunner } from './program/program-runner.ts'
import { codeDigest } from './code-digest.ts'
import { actionPool } from './actions/pool.ts'
import { commandFor } from './source-command.ts'
import { WarmChild, type DescribeMessage } from './warm-child.ts'

/** Longer than any import of a large library takes on a slow disk. */
const describeWithinMs = 120_000

/** What a child of ours loads: a file of processors, or one callable. */
type LoadedSource = Exclude<ProcessorSource, { kind: 'program' }>

export const childProcessRunners: RunnerFactory = {
  async open(source, options) {
    const resolved = await withDataDir(options)
    if (source.kind === 'program') return [programRunner(source, resolved)]
    return openLoaded(source, resolved)
  },
  async describe(source, options) {
    const resolved = await withDataDir(options)
    if (source.kind === 'program') return [programRunner(source, resolved).description]
    return describeLoaded(source, resolved)
  },
  openActions(source, description, options) {
    if (source.kind === 'program' || description.actions === undefined) return undefined
    const { start } = startOf(source, { ...options, dataDir: realpathSync(options.dataDir) })
    const { name, memory_bytes: memoryBytes } = description
    const limits = { slots: options.actionSlots, waiting: options.actionQueue }
    return actionPool(description, limits, () => start(name, memoryBytes, { answers: true }))
  },
}

/** Marks hold the real path: the same folder under another name is the same data directory. */
async function withDataDir(options: RunnerOptions): Promise<RunnerOptions> {
  await mkdir(options.dataDir, { recursive: true })
  return { ...options, dataDir: realpathSync(options.dataDir) }
}

/** How the children of a source are started; the one without a processor's name describes it. */
function startOf(source: LoadedSource, options: RunnerOptions) {
  const isFile = source.kind === 'file'
  const command = isFile ? commandFor(source, options) : callableCommand(source, options)
  const what = isFile ? path.basename(source.path) : source.entrypoint
  let program = command.command
  const start = (
    processor: string,
    memoryBytes?: number,
    { answers = false }: { readonly answers?: boolean } = {},
  ): WarmChild =>
    new WarmChild(
      {
        answers,
        command: program,
        args: command.argsFor(memoryBytes),
        cwd: command.cwd,
        env: childEnvironment({
          ...options,
          own: {
            ...command.env,
            LONGHAUL_PROTOCOL: '1',
            LONGHAUL_PROCESSOR: processor,
            ...(answers ? { LONGHAUL_ACTIONS: '1' } : {}),
          },
        }),
      },
      what,
    )
  return {
    command,
    what,
    start,
    redirect: (interpreter: string | undefined) => {
      if (interpreter !== undefined && command.mayRedirect) program = interpreter
    },
  }
}

async function checked(
  source: LoadedSource,
  { processors, files }: DescribeMessage,
): Promise<ProcessorDescription[]> {
  if (source.kind === 'file') {
    const digest = await codeDigest(source.path, files)
    return processors.map((raw) => checkDescription(raw, digest))
  }
  // The child found the module; its file comes first.
  const [file = process.execPath, ...others] = files ?? []
  const digest = await codeDigest(file, others)
  const callable = source.entrypoint
  return processors.map((raw) => ({ ...checkDescription(raw, digest), callable }))
}

/** The child is ended as soon as it has said what it is; a setup() that has begun is ended with it. */
async function describeLoaded(
  source: LoadedSource,
  options: RunnerOptions,
): Promise<readonly ProcessorDescription[]> {
  const { start, what } = startOf(source, options)
  const child = start('')
  try {
    return await checked(source, await described(child, what))
  } finally {
    await child.process.destroy()
  }
}

async function openLoaded(
  source: LoadedSource,
  options: RunnerOptions,
): Promise<readonly Runner[]> {
  const { command, what, start, redirect } = startOf(source, options)
  const first = start('')
  const runners: Runner[] = []
  try {
    const message = await described(first, what)
    redirect(message.interpreter)
    const descriptions = await checked(source, message)
    const [only] = descriptions
    const startFor =
      ({ name, memory_bytes }: ProcessorDescription) =>
      (memoryBytes = memory_bytes) =>
        start(name, memoryBytes)
    const { limitsHeap = false } = command
    if (only !== undefined && descriptions.length === 1 && !command.onlyDescribes(only))
      return [processRunner(only, options, startFor(only), { first, limitsHeap })]
    await first.stop()
    for (const description of descriptions) {
      const file = source.kind === 'file' ? path.resolve(source.path) : ''
      // In other languages the words for it mean nothing: their code runs in processes.
      const runner = command.onlyDescribes(description) ? description.runner : 'process'
      if (description.jobs === false) runners.push(noJobs(description))
      else if (runner === 'inline') runners.push(await openInline(file, description, options))
      else if (runner === 'thread') runners.push(threadRunner(file, description, options))
      else runners.push(processRunner(description, options, startFor(description), { limitsHeap }))
    }
    return runners
  } catch (error) {
    await Promise.all([first.process.destroy(), ...runners.map((runner) => runner.stop())])
    throw error
  }
}

/** Its actions have processes of their own. */
const noJobs = (description: ProcessorDescription): Runner => ({
  description,
  state: () => ({ kind: 'ready', warmMs: 0 }),
  onState: () => undefined,
  run: () => {
    throw new Error(`${description.name} has actions and no jobs.`)
  },
  stop: () => Promise.resolve(),
})

/** The author asked for this process: what the child described is imported once more, here. */
async function openInline(
  file: string,
  description: ProcessorDescription,
  options: RunnerOptions,
): Promise<Runner> {
  resolveLonghaul()
  const processors = await loadProcessors(file)
  const processor = processors.find(({ name }) => name === description.name)
  if (!processor)
    throw new LonghaulError('processor-broken', `${description.name} is not there any more.`)
  const bound = options.bind?.(processor) ?? processor
  const folder = path.dirname(file)
  if (description.operation === undefined) return inlineRunner(bound, description, options, folder)
  const { slots, operationSlots = slots } = options
  const { concurrency = operationSlots } = description
  const described = { ...description, concurrency }
  return inlineRunner(bound, described, { ...options, slots: concurrency }, folder)
}

async function described(child: WarmChild, what: string): Promise<DescribeMessage> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), describeWithinMs)
  })
  const message = await Promise.race([child.described, late])
  clearTimeout(timer)
  if (message === 'late') {
    const seconds = describeWithinMs / 1000
    throw new LonghaulError(
      'processor-broken',
      `${what} did not describe itself within ${seconds} s.`,
    )
  }
  if (message && message.processors.length > 0) return message
  const error = message ? undefined : await child.started
  if (error instanceof LonghaulError) throw error
  throw new LonghaulError('processor-broken', `${what} holds no processor.`)
}
