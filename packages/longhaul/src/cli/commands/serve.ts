import path from 'node:path'
import { pino } from 'pino'
import { createApp, type App } from '../../app/index.ts'
import { createKeys, isLoopback } from '../../keys/index.ts'
import { wholeNumber } from '../arguments.ts'
import { defineCommand, type Context } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { curlLine, processorLines, stateLine, type Served } from '../format/serve-block.ts'
import { processorSources } from '../processor-sources.ts'

/** Processors that take longer to get warm are told of later; the service answers meanwhile. */
const warmWaitMs = 5000

export const serve = defineCommand({
  name: 'serve',
  usage: 'FILE… [--run TEMPLATE]',
  summary: 'Makes a service of processor files: HTTP API, queue, uploads, progress, retries.',
  more: `A file is TypeScript, JavaScript, Python, or any program that speaks the processor protocol; an installed module does as well.
--run makes a processor of a program: {name:file} is an input, {name:int=320} a value, {name:out.mp4} an output.
SIGTERM and Ctrl-C stop cleanly: running jobs go back to the queue, uncounted. A second one ends at once.

longhaul serve thumbs.py
longhaul serve --run 'ffmpeg -i {video:file} -vf scale={width:int=320}:-2 {small:out.mp4}'`,
  options: {
    host: { type: 'string', value: 'ADDRESS', help: 'where to listen; else HOST, else 127.0.0.1' },
    port: { type: 'string', value: 'N', help: 'else PORT, else 8000; 0 takes a free one' },
    data: {
      type: 'string',
      value: 'DIR',
      help: 'database, files and logs; else LONGHAUL_DATA, else ./.longhaul',
    },
    env: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'a variable that processors may see',
    },
    open: { type: 'boolean', help: 'serve others without a key' },
    run: { type: 'string', value: 'TEMPLATE', help: 'serve a program' },
    name: { type: 'string', value: 'NAME', help: 'what to call the program of --run' },
    slots: {
      type: 'string',
      value: 'N',
      help: 'attempts at once, per processor; else MAX_CONCURRENT_JOBS, else 3',
    },
  },
  async run({ words, options, ...context }) {
    const { output, cwd, env } = context
    const sources = await processorSources(
      words,
      { template: options.run, name: options.name },
      cwd,
    )
    const signal = context.interruption()
    // On a terminal the block below is what a person wants to see; in a pipe the log is for machines.
    const level = env['LOG_LEVEL'] ?? (output.terminal ? 'warn' : 'info')
    const log = pino({ level }, pino.destination({ dest: 1, sync: false }))
    await using app = await createApp({
      sources,
      log,
      config: {
        host: options.host,
        port: wholeNumber('port', options.port),
        dataDir: options.data === undefined ? undefined : path.resolve(cwd, options.data),
        processorEnv: options.env,
        open: options.open,
        maxConcurrentJobs: wholeNumber('slots', options.slots, 1),
      },
    })
    const url = await listen(app)
    await firstOf(signal, settled(app))
    if (!signal.aborted) await announce(app, url, context)
    await aborted(signal)
    output.say('Stopping; running jobs go back to the queue. Again: end now.')
    return exitCode.done
  },
})

/** An address that cannot be had is a person's affair, not a stack trace. */
class CannotListen extends Error {
  override name = 'CannotListen'
}
async function listen(app: App): Promise<string> {
  const { host, port } = app.services.config
  try {
    return await app.listen()
  } catch (cause) {
    const reason = {
      EADDRINUSE: `Port ${port} of ${host} is taken; stop what listens there, or choose another with --port`,
      EADDRNOTAVAIL: `${host} is no address of this machine`,
      EACCES: `Port ${port} needs more rights than this user has; choose one above 1023 with --port`,
      ENOTFOUND: `There is no host ${host}`,
    }[String((cause as { code?: unknown }).code)]
    if (reason === undefined) throw cause
    throw new CannotListen(reason, { cause })
  }
}

async function announce(app: App, url: string, { output, cwd }: Context): Promise<void> {
  const { config, runners, broken, database } = app.services
  const served = [...runners.values()].map((runner): Served => {
    const { description } = runner
    const slots = Math.min(config.maxConcurrentJobs, description.concurrency ?? Infinity)
    return { description, state: runner.state(), slots }
  })
  const data = path.relative(cwd, config.dataDir)
  const dataWord = data === '' || data.startsWith('..') ? config.dataDir : `./${data}`
  const exposure = await exposureOf(config, createKeys(database))
  const first = served.find(({ state }) => state.kind !== 'broken')
  for (const line of processorLines(served, broken)) output.say(line)
  output.say(
    `  screen ${url}   API /docs   data ${dataWord}   ${exposure}${first === undefined ? '' : '   try:'}`,
  )
  if (first !== undefined) output.say(curlLine(first.description, url))
  output.object('served', {
    url,
    data: config.dataDir,
    processors: served.map(({ description, state }) => ({
      name: description.name,
      version: description.version,
      state: state.kind,
    })),
    broken,
  })
  for (const [i, runner] of [...runners.values()].entries()) {
    const before = served[i]!
    if (before.state.kind === 'starting') {
      runner.onState(
        (state) => state.kind !== 'starting' && output.say(stateLine({ ...before, state })),
      )
    }
  }
}

async function exposureOf(
  { host, open }: { readonly host: string; readonly open: boolean },
  keys: { exist(): Promise<boolean> },
): Promise<string> {
  if (await keys.exist()) return 'keys needed'
  if (isLoopback(host)) return 'open (loopback only)'
  return open ? 'OPEN to whoever reaches this address' : 'keys needed'
}

/** No processor is starting any more. */
const settled = (app: App): Promise<unknown> =>
  Promise.all(
    [...app.services.runners.values()].map(
      (runner) =>
        new Promise<void>((resolve) => {
          if (runner.state().kind !== 'starting') return resolve()
          runner.onState((state) => {
            if (state.kind !== 'starting') resolve()
          })
        }),
    ),
  )

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

async function firstOf(signal: AbortSignal, ready: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, warmWaitMs)))
  await Promise.race([ready, aborted(signal), enough])
  clearTimeout(timer)
}
