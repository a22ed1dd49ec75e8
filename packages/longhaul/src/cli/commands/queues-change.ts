import type { QueueChange, QueueView } from '@longhaul/protocol'
import { defineCommand, serviceOptions, type Context } from '../command.ts'
import { exitCode, UsageError, type ExitCode } from '../exit-code.ts'
import { count } from '../format/quantity.ts'
import { openService, type ServiceChoice } from '../service.ts'

export const pause = defineCommand({
  name: 'pause',
  usage: 'QUEUE…',
  summary: 'Starts nothing more of a queue; what runs goes on, what is submitted waits.',
  options: serviceOptions,
  run: ({ words, options, ...context }) => change(words, options, context, { paused: true }),
})

export const resume = defineCommand({
  name: 'resume',
  usage: 'QUEUE…',
  summary: 'Goes on with a queue that was paused.',
  options: serviceOptions,
  run: ({ words, options, ...context }) => change(words, options, context, { paused: false }),
})

export const limit = defineCommand({
  name: 'limit',
  usage: 'QUEUE [N|none]',
  summary: 'How many jobs of a queue run at once, across all workers; without N it says how it is.',
  more: `A limit of 0 starts nothing. The number that a processor declares (concurrency) is set again when a worker starts with it.

longhaul limit segment 2                 longhaul limit segment --rate 30
longhaul limit segment 1 --owner ana     longhaul limit segment none --owner ana`,
  options: {
    ...serviceOptions,
    owner: { type: 'string', value: 'NAME', help: 'the limit is for this owner’s jobs alone' },
    rate: {
      type: 'string',
      value: 'R',
      help: 'start at most so many a minute, or none for no such limit',
    },
  },
  async run({ words: [queue, number, ...more], options, ...context }) {
    if (queue === undefined || more.length > 0)
      throw new UsageError('limit takes a queue and a number: longhaul limit segment 2')
    const asked: QueueChange = {
      ...(number === undefined ? {} : { max_running: wholeOrNone(number) }),
      ...(options.rate === undefined ? {} : { rate_per_minute: rateOf(options.rate) }),
      ...(options.owner === undefined ? {} : { owner: options.owner }),
    }
    if (options.owner !== undefined && options.rate !== undefined)
      throw new UsageError('--rate is of the whole queue; leave --owner out')
    if (number === undefined && options.rate === undefined)
      return show(queue, openService(context, options), context)
    return change([queue], options, context, asked)
  },
})

async function change(
  queues: readonly string[],
  options: ServiceChoice,
  context: Context,
  to: QueueChange,
): Promise<ExitCode> {
  if (queues.length === 0) throw new UsageError('Which queue? `longhaul status` shows them')
  const client = openService(context, options)
  for (const queue of queues) report(await client.operator.setQueue(queue, to), context)
  return exitCode.done
}

async function show(
  name: string,
  client: ReturnType<typeof openService>,
  context: Context,
): Promise<ExitCode> {
  const { queues } = await client.operator.queues()
  const found = queues.find(({ queue }) => queue === name)
  if (found === undefined)
    throw new UsageError(
      `There is no queue ${name}; there is ${queues.map(({ queue }) => queue).join(', ') || 'none yet'}`,
    )
  report(found, context)
  return exitCode.done
}

function report(queue: QueueView, { output }: Context): void {
  const { max_running, rate_per_minute, owners } = queue
  const capped = owners.filter(({ max_running: cap }) => cap !== null)
  const facts = [
    queue.paused ? 'paused' : 'open',
    max_running === null ? 'as many as there are slots' : `at most ${count(max_running)} at once`,
    ...(rate_per_minute === null ? [] : [`${rate_per_minute} a minute`]),
    ...capped.map(({ owner, max_running: cap }) => `${owner} at most ${cap}`),
    `${count(queue.queued)} queued, ${count(queue.running)} running`,
  ]
  output.object('queue', queue)
  output.data(`  ${queue.queue}  ${facts.join(' · ')}`)
}

function wholeOrNone(text: string): number | null {
  if (text === 'none') return null
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0 && text.trim() !== '') return value
  throw new UsageError(`A limit is a whole number or none, got ${JSON.stringify(text)}`)
}

function rateOf(text: string): number | null {
  if (text === 'none') return null
  const value = Number(text.replace(/\/min$/, ''))
  if (Number.isFinite(value) && value > 0) return value
  throw new UsageError(`--rate is starts a minute, as in 30, or none; got ${JSON.stringify(text)}`)
}
