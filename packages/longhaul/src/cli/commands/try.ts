import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient, isServiceError, type Client, type ServiceError } from '@longhaul/client'
import { nodeSha256 } from '@longhaul/client/node'
import type { FileReference, JobView } from '@longhaul/protocol'
import { pino } from 'pino'
import { createApp, type App } from '../../app/index.ts'
import type { Runner } from '../../runners/runner.ts'
import { defineCommand } from '../command.ts'
import { exitCodeOfJobs, UsageError } from '../exit-code.ts'
import { fetchOutputs } from '../fetch-outputs.ts'
import { followLog } from '../follow-log.ts'
import { injectFetch } from '../inject-fetch.ts'
import { readInputWords, type InputWords, type NamedFile } from '../input-words.ts'
import { didYouMean } from '../../support/nearest.ts'
import type { Output } from '../output.ts'
import { plainResult } from '../plain-result.ts'
import { processorSources } from '../processor-sources.ts'
import { warmState } from '../warm-runners.ts'
import { reportEnd, watchJob } from '../watch-job.ts'

export const tryOnce = defineCommand({
  name: 'try',
  usage: 'FILE [name=value] [name=@path]…',
  summary: 'Runs a processor once, without a service, and puts its outputs into this folder.',
  more: `Everything works as in a service, in a temporary folder that is removed at the end; what the processor prints is shown on stderr.
stdout has what it returned, as JSON, then the paths of the outputs.

longhaul try thumbs.py image=@cat.png width=128`,
  options: {
    out: { type: 'string', value: 'DIR', help: 'put the outputs there instead' },
    processor: { type: 'string', value: 'NAME', help: 'which one, when the file has several' },
    run: { type: 'string', value: 'TEMPLATE', help: 'try a program, as in serve' },
    env: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'a variable that the processor may see',
    },
  },
  async run({ words, options, ...context }) {
    const { output, cwd } = context
    const inputStart = options.run === undefined ? 1 : 0
    const sources = await processorSources(
      words.slice(0, inputStart),
      { template: options.run },
      cwd,
    )
    const signal = context.interruption()
    const dataDir = await mkdtemp(path.join(tmpdir(), 'longhaul-try-'))
    try {
      await using app = await createApp({
        sources,
        log: pino({ level: 'silent' }),
        config: {
          dataDir,
          host: '127.0.0.1', // nobody listens; HOST of a service here has no say
          processorEnv: options.env,
          maxConcurrentJobs: 1,
          // Nobody else reaches this service: its only client may read what they may read.
          inputRoots: [path.parse(cwd).root],
        },
      })
      const runner = chosenRunner(app, options.processor)
      const { name, input: schema } = runner.description
      const input = await readInputWords(words.slice(inputStart), schema, cwd)
      const state = await warmState(runner, signal)
      // A job of a processor whose setup failed would wait for ever.
      if (state.kind === 'broken')
        throw new UnusableProcessor(`setup failed: ${state.problem.detail}`)

      const client = createClient({
        url: 'http://try.invalid',
        fetch: injectFetch(app),
        newHasher: nodeSha256,
      })
      const submitted = await client
        .submit(name, { ...input.values, ...references(input) }, { signal })
        .catch((error: unknown) => {
          throw isServiceError(error) ? withoutAddress(error) : error
        })
      const job = await watchWithLog(client, submitted.job_id, output, signal)
      if (job.status === 'completed') {
        const result = plainResult(job.result, job.outputs)
        if (result !== undefined) output.data(JSON.stringify(result))
        output.object('result', { value: job.result })
        const folder = path.resolve(cwd, options.out ?? '.')
        await fetchOutputs(client, job.outputs, output, {
          folder,
          cwd,
          keep: pathsOf(input),
          signal,
        })
      }
      return exitCodeOfJobs([job.status])
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  },
})

/** There is no service that a person could ask: what it said is enough. */
function withoutAddress(error: ServiceError): ServiceError {
  error.message = error.message.replace(/ \([A-Z]+ http:\/\/try\.invalid\S* answered [^)]*\)$/, '')
  return error
}

function chosenRunner(app: App, name: string | undefined): Runner {
  const { runners, broken } = app.services
  const [failure] = broken
  if (failure !== undefined)
    throw new UnusableProcessor(`${failure.source} cannot be loaded: ${failure.detail}`)
  const names = [...runners.keys()]
  const chosen = name ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined) throw new UsageError(`Which one? --processor ${names.join(' or ')}`)
  const runner = runners.get(chosen)
  if (runner !== undefined) return runner
  throw new UsageError(
    `The file has no processor ${chosen}${didYouMean(chosen, names) || `; it has ${names.join(', ')}`}`,
  )
}

class UnusableProcessor extends Error {
  override name = 'UnusableProcessor'
}

async function watchWithLog(
  client: Client,
  id: string,
  output: Output,
  signal: AbortSignal,
): Promise<JobView> {
  const decoder = new TextDecoder()
  let rest = ''
  const say = async (bytes: Uint8Array): Promise<void> => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) output.say(line)
  }
  // The log is a courtesy: whatever happens to it, the job is what counts.
  const printed = output.quiet
    ? Promise.resolve()
    : followLog(client, id, output, say, signal).catch(() => {})
  const job = await watchJob(client, id, output, signal)
  await printed
  if (rest !== '') output.say(rest)
  reportEnd(job, output)
  return job
}

const references = ({
  files,
}: InputWords): Readonly<Record<string, FileReference | FileReference[]>> =>
  Object.fromEntries(
    Object.entries(files).map(([name, { many, named }]) => {
      const references = named.map(referenceOf)
      return [name, many ? references : references[0]!]
    }),
  )

const referenceOf = (file: NamedFile): FileReference =>
  'uri' in file ? file : { uri: pathToFileURL(file.path).href, name: path.basename(file.path) }

const pathsOf = ({ files }: InputWords): string[] =>
  Object.values(files).flatMap(({ named }) =>
    named.flatMap((file) => ('path' in file ? [file.path] : [])),
  )
