import { wholeNumber } from '../arguments.ts'
import { defineCommand } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { processorLines, stateLine } from '../format/serve-block.ts'
import { listen } from '../listen.ts'
import { openApp, untilStopped, workOptions } from '../run-app.ts'

export const worker = defineCommand({
  name: 'worker',
  usage: 'FILE… [--run TEMPLATE]',
  summary:
    'Runs jobs of a service without serving its API: on this host, or on any that reaches its database and store.',
  more: `Several hosts share DATABASE_URL and S3_*; on one host several processes may share a data directory.
SIGTERM drains: what runs may finish or save a checkpoint (LONGHAUL_DRAIN_SECONDS), the rest goes back to the queue, uncounted.
Ctrl-C gives it back at once. With PORT or --port it answers /health and /metrics there, and nothing else.

DATABASE_URL=postgres://… S3_ENDPOINT_URL=https://… longhaul worker segment.py`,
  options: {
    host: {
      type: 'string',
      value: 'ADDRESS',
      help: 'where to answer /health; else HOST, else 127.0.0.1',
    },
    port: { type: 'string', value: 'N', help: 'else PORT; nothing listens when neither is given' },
    ...workOptions,
  },
  async run({ words, options, ...context }) {
    const { output, env } = context
    const signal = context.interruption()
    const port = wholeNumber('port', options.port)
    await using app = await openApp(words, options, context, {
      host: options.host,
      port,
      roles: { api: false, worker: true },
    })
    const url = port !== undefined || env['PORT'] ? await listen(app) : undefined
    const { config, runners, broken } = app.services
    const served = [...runners.values()].map((runner) => ({
      runner,
      description: runner.description,
      slots: Math.min(config.maxConcurrentJobs, runner.description.concurrency ?? Infinity),
      state: runner.state(),
    }))
    for (const line of processorLines(served, broken)) output.say(line)
    output.say(
      `  working on ${config.databaseUrl === undefined ? config.dataDir : 'the shared database'}${url === undefined ? '' : `   health ${url}/health/ready`}`,
    )
    output.object('working', {
      url: url ?? null,
      data: config.dataDir,
      processors: served.map(({ description: { name, version }, state }) => ({
        name,
        version,
        state: state.kind,
      })),
      broken,
    })
    for (const one of served)
      one.runner.onState((state) => output.say(stateLine({ ...one, state })))
    await untilStopped(app, signal, output)
    return exitCode.done
  },
})
