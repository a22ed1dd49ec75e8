import path from 'node:path'
import { pino } from 'pino'
import { createApp, readConfig } from '../../app/index.ts'
import { announce } from '../announce.ts'
import { wholeNumber } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { listen } from '../listen.ts'
import { processorSources } from '../processor-sources.ts'
import { warmState } from '../warm-runners.ts'

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
    const config = {
      host: options.host,
      port: wholeNumber('port', options.port),
      dataDir: options.data === undefined ? undefined : path.resolve(cwd, options.data),
      processorEnv: options.env,
      open: options.open,
      maxConcurrentJobs: wholeNumber('slots', options.slots, 1),
      logLevel: env['LOG_LEVEL'] ?? (output.terminal ? 'warn' : 'info'),
    }
    const { logLevel: level } = readConfig(config, env) // every mistake at once, before anything is opened
    const log = pino({ level }, pino.destination({ dest: 1, sync: false }))
    await using app = await createApp({ sources, log, config })
    // A promise that an inline processor forgot must not end the service for everybody.
    process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))
    const url = await listen(app)
    const patience = AbortSignal.any([signal, AbortSignal.timeout(warmWaitMs)])
    const warm = [...app.services.runners.values()].map((runner) => warmState(runner, patience))
    await Promise.allSettled(warm)
    if (!signal.aborted) await announce(app, url, context)
    await aborted(signal)
    output.say('Stopping; running jobs go back to the queue. Again: end now.')
    return exitCode.done
  },
})

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
