import { durationMs } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, exitCodeOfJobs, UsageError } from '../exit-code.ts'
import { shortId } from '../format/job-line.ts'
import { readInputWords } from '../input-words.ts'
import { openService, waitSignal } from '../service.ts'
import { watchDetached } from '../watch-job.ts'

export const run = defineCommand({
  name: 'run',
  usage: 'TASK [name=value]…',
  summary:
    'Calls a function that the service lists; prints the id of its job, or with --wait its result.',
  more: `name=value is text; name:=JSON is JSON as it stands. Without a task: what there is.

longhaul run momentum symbol=AAPL window:=20 --wait`,
  options: {
    ...serviceOptions,
    wait: { type: 'boolean', help: 'follow the job to its end and print its result' },
    deadline: {
      type: 'string',
      value: 'TIME',
      help: 'wait no longer than this, as in 90s or 2h; implies --wait',
    },
    timeout: { type: 'string', value: 'TIME', help: 'stop an attempt that takes longer' },
    'idempotency-key': {
      type: 'string',
      value: 'KEY',
      help: 'called again under this name it is the same job',
    },
    tag: { type: 'string', multiple: true, value: 'TAG', help: 'to find it by' },
  },
  async run({ words: [task, ...words], options, ...context }) {
    const { output, cwd } = context
    const deadlineMs = durationMs('deadline', options.deadline)
    const timeoutMs = durationMs('timeout', options.timeout)
    const signal = waitSignal(context, deadlineMs)
    const client = openService(context, options)
    if (task === undefined) {
      for (const one of await client.callables.list()) {
        output.object('callable', one)
        output.data(`${one.name}\t${one.entrypoint}\t${one.error ?? one.state}`)
      }
      return exitCode.done
    }
    const { values, files } = await readInputWords(words, {}, cwd)
    if (Object.keys(files).length > 0) throw new UsageError('A task takes values, no files')
    const { job_id } = await client.callables.run(task, values, {
      idempotencyKey: options['idempotency-key'],
      timeoutSeconds: timeoutMs === undefined ? undefined : timeoutMs / 1000,
      tags: options.tag,
      signal,
    })
    if (options.wait !== true && deadlineMs === undefined) {
      output.data(job_id)
      output.object('job', await client.job(job_id))
      output.say(`  longhaul watch ${shortId(job_id)}`)
      return exitCode.done
    }
    const ended = await watchDetached(client, job_id, output, signal)
    const { result } = (ended.result ?? {}) as { result?: unknown }
    if (ended.status === 'completed') output.data(JSON.stringify(result ?? null))
    return exitCodeOfJobs([ended.status])
  },
})
