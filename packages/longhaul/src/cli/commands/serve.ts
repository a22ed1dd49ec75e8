import { announce } from '../announce.ts'
import { wholeNumber } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { listen } from '../listen.ts'
import { reloadChanges } from '../reload-changes.ts'
import { openApp, untilStopped, workOptions } from '../run-app.ts'
import { warmState } from '../warm-runners.ts'

/** Processors that take longer to get warm are told of later; the service answers meanwhile. */
const warmWaitMs = 5000

export const serve = defineCommand({
  name: 'serve',
  usage: 'FILE… [--run TEMPLATE]',
  summary: 'Makes a service of processor files: HTTP API, queue, uploads, progress, retries.',
  more: `A file is TypeScript, JavaScript, Python, or any program that speaks the processor protocol; an installed module does as well.
A .yml lists functions that may be called by name, one a line: name: module:callable.
--run makes a processor of a program: {name:file} is an input, {name:int=320} a value, {name:out.mp4} an output.
SIGTERM drains: what runs may finish or save a checkpoint (LONGHAUL_DRAIN_SECONDS), the rest goes back to the queue, uncounted.
Ctrl-C gives it back at once. A second signal ends at once.

longhaul serve thumbs.py
longhaul serve --run 'ffmpeg -i {video:file} -vf scale={width:int=320}:-2 {small:out.mp4}'`,
  options: {
    host: { type: 'string', value: 'ADDRESS', help: 'where to listen; else HOST, else 127.0.0.1' },
    port: { type: 'string', value: 'N', help: 'else PORT, else 8000; 0 takes a free one' },
    ...workOptions,
    watch: {
      type: 'boolean',
      help: 'load files again when their code changes; running jobs end with what they began with',
    },
    open: { type: 'boolean', help: 'serve others without a key' },
    'no-worker': { type: 'boolean', help: 'only the API: jobs run in `longhaul worker` elsewhere' },
  },
  async run({ words, options, ...context }) {
    const { output } = context
    const signal = context.interruption()
    await using app = await openApp(words, options, context, {
      host: options.host,
      port: wholeNumber('port', options.port),
      open: options.open,
      roles: { api: true, worker: options['no-worker'] !== true },
    })
    const url = await listen(app)
    const patience = AbortSignal.any([signal, AbortSignal.timeout(warmWaitMs)])
    const warm = [...app.services.runners.values()].map((runner) => warmState(runner, patience))
    await Promise.allSettled(warm)
    if (!signal.aborted) await announce(app, url, context)
    if (options.watch === true) await reloadChanges(app, output, signal)
    await untilStopped(app, signal, output)
    return exitCode.done
  },
})
