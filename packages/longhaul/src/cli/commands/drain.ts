import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@longhaul/client'
import type { WorkerView } from '@longhaul/protocol'
import { durationMs } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { DeadlinePassed, exitCode, Interrupted, UsageError } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { openService, waitSignal } from '../service.ts'

const pollMs = 500

export const drain = defineCommand({
  name: 'drain',
  usage: 'WORKER',
  summary: 'Asks a worker to claim no more and waits until what it runs has ended or moved on.',
  more: `Its jobs finish or save a checkpoint within the grace of that worker (LONGHAUL_DRAIN_SECONDS) and else go back to the queue,
uncounted. The beginning of an id is enough. Ctrl-C only stops waiting: the worker goes on draining.`,
  options: {
    ...serviceOptions,
    'no-wait': { type: 'boolean', help: 'ask, and do not wait' },
    deadline: { type: 'string', value: 'TIME', help: 'wait no longer than this, as in 90s' },
  },
  async run({ words: [word], options, ...context }) {
    const { output } = context
    const signal = waitSignal(context, durationMs('deadline', options.deadline))
    const client = openService(context, options)
    const id = await workerIdOf(client, word)
    let worker: WorkerView | undefined = await client.operator.drain(id)
    output.say(`  ${id} was asked to drain; ${jobsWord(worker)}`)
    if (options['no-wait'] === true) return exitCode.done
    try {
      while (worker !== undefined && worker.state === 'draining') {
        await sleep(pollMs, undefined, { signal }).catch(() => signal.throwIfAborted())
        const { workers } = await client.operator.workers()
        worker = workers.find(({ worker_id }) => worker_id === id)
        if (worker !== undefined) output.live(`${id}  ${jobsWord(worker)}`)
      }
    } catch (error) {
      const goes = `${id} goes on draining; longhaul status shows it`
      if (error instanceof Interrupted) throw new Interrupted(`Detached, ${goes}`)
      if (error instanceof DeadlinePassed)
        throw new DeadlinePassed(`The deadline has passed, ${goes}`)
      throw error
    }
    output.settle()
    const end = worker === undefined ? 'gone' : worker.state
    output.object('worker', { worker_id: id, state: end })
    output.data(id)
    output.say(
      end === 'lost'
        ? `  ${id} was lost while draining; its jobs are moved on when their leases end`
        : `  ${id} is ${end}: nothing runs there any more, it can be stopped`,
    )
    return exitCode.done
  },
})

function jobsWord({ jobs }: WorkerView): string {
  if (jobs.length === 0) return 'nothing runs there'
  const some = jobs.slice(0, 5).map(({ job_id }) => shortId(job_id))
  return `${jobs.length} still running: ${some.join(', ')}${jobs.length > 5 ? ', …' : ''}`
}

async function workerIdOf(client: Client, word: string | undefined): Promise<string> {
  const { workers } = await client.operator.workers()
  const known = workers.map(({ worker_id }) => worker_id)
  const list = known.map((id) => `\n  ${id}`).join('') || ' none'
  if (word === undefined) throw new UsageError(`Which worker? There is${list}`)
  if (known.includes(word)) return word
  const [only, ...others] = known.filter((id) => id.startsWith(word))
  if (only === undefined) return word // the service says it best
  if (others.length > 0) throw new UsageError(`${word} begins several workers; there is${list}`)
  return only
}
