import path from 'node:path'
import { pino } from 'pino'
import { createApp, readConfig, type App, type ConfigOptions } from '../app/index.ts'
import { wholeNumber } from './arguments.ts'
import type { Context, OptionSpecs, OptionValues } from './command.ts'
import { Interrupted } from './exit-code.ts'
import type { Output } from './output.ts'
import { processorSources } from './processor-sources.ts'

/** What `serve` and `worker` share. */
export const workOptions = {
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
  run: { type: 'string', value: 'TEMPLATE', help: 'serve a program' },
  name: { type: 'string', value: 'NAME', help: 'what to call the program of --run' },
  memory: { type: 'string', value: 'SIZE', help: 'what one run of --run may hold, like "4 GB"' },
  slots: {
    type: 'string',
    value: 'N',
    help: 'attempts at once, per processor; else MAX_CONCURRENT_JOBS, else 3',
  },
} as const satisfies OptionSpecs

/** The app that the words and options of a command describe. */
export async function openApp(
  words: readonly string[],
  options: OptionValues<typeof workOptions>,
  { cwd, env, output }: Context,
  own: ConfigOptions,
): Promise<App> {
  const program = { template: options.run, name: options.name, memory: options.memory }
  // On a terminal the lines of the command are what a person wants to see; in a pipe the log is for machines.
  const config = {
    ...own,
    dataDir: options.data === undefined ? undefined : path.resolve(cwd, options.data),
    processorEnv: options.env,
    maxConcurrentJobs: wholeNumber('slots', options.slots, 1),
    logLevel: env['LOG_LEVEL'] ?? (output.terminal ? 'warn' : 'info'),
  }
  const { logLevel: level, callables } = readConfig(config, env) // every mistake at once, before anything is opened
  const lists = callables.entrypoint !== undefined || Object.keys(callables.listed).length > 0
  const sources = await processorSources(words, program, cwd, callables.enabled && lists)
  const log = pino({ level }, pino.destination({ dest: 1, sync: false }))
  const app = await createApp({ sources, log, config })
  // A promise that an inline processor forgot must not end the service for everybody.
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
  return app
}

/** Resolves when the app may be stopped: at once after Ctrl-C, after draining when the system asks. */
export async function untilStopped(app: App, signal: AbortSignal, output: Output): Promise<void> {
  await aborted(signal)
  const running = app.worker?.running ?? 0
  if (running === 0) return
  const jobs = running === 1 ? 'one running job' : `${running} running jobs`
  if ((signal.reason as Interrupted).by === 'SIGINT')
    return output.say(
      `Stopping; ${jobs} go${running === 1 ? 'es' : ''} back to the queue. Again: end now.`,
    )
  output.say(`Draining; ${jobs} may finish or save a checkpoint. A second signal ends at once.`)
  await app.drain()
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
