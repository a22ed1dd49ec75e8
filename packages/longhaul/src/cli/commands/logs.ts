import { wholeNumber } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { followLog } from '../follow-log.ts'
import { jobIdOf, openService, waitSignal } from '../service.ts'

export const logs = defineCommand({
  name: 'logs',
  usage: 'JOB',
  summary:
    'Prints what an attempt wrote to stdout, stderr and its log: the newest attempt unless said otherwise.',
  options: {
    ...serviceOptions,
    follow: { type: 'boolean', short: 'f', help: 'go on until the job has ended' },
    attempt: { type: 'string', value: 'N', help: 'of this attempt' },
  },
  async run({ words: [word], options, ...context }) {
    if (word === undefined)
      throw new UsageError('Which job? Give its id; `longhaul jobs` lists them')
    const attempt = wholeNumber('attempt', options.attempt, 1)
    if (options.follow === true && attempt !== undefined) {
      throw new UsageError('--follow goes with the newest attempt; leave --attempt out')
    }
    const { output } = context
    const signal = waitSignal(context, undefined)
    const client = openService(context, options)
    const id = await jobIdOf(client, word)
    const write = linesOrBytes(output, id)
    if (options.follow === true) await followLog(client, id, output, write, signal)
    else for await (const bytes of client.logs(id, { attempt, signal })) await write(bytes)
    return exitCode.done
  },
})

/** The text as it is; with --json each piece of it in an object. */
function linesOrBytes(
  output: { json: boolean; object(o: string, f: object): void; raw(b: Uint8Array): Promise<void> },
  id: string,
) {
  const decoder = new TextDecoder()
  return async (bytes: Uint8Array): Promise<void> => {
    if (!output.json) return output.raw(bytes)
    output.object('log', { job_id: id, text: decoder.decode(bytes, { stream: true }) })
  }
}
