import path from 'node:path'
import { durationMs, wholeNumber } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, exitCodeOfJobs, UsageError } from '../exit-code.ts'
import { fetchOutputs } from '../fetch-outputs.ts'
import { shortId } from '../format/job-line.ts'
import { readInputWords } from '../input-words.ts'
import { sendFiles } from '../send-files.ts'
import { jobIdsOf, openService, processorNameOf, waitSignal } from '../service.ts'
import { uploadMemory } from '../upload-memory.ts'
import { watchDetached } from '../watch-job.ts'

export const submit = defineCommand({
  name: 'submit',
  usage: '[PROCESSOR] [name=value] [name=@path]…',
  summary: 'Uploads the files, submits a job and prints its id.',
  more: `The processor may be left out when the service has one. name=@path is a file, name=@'*.tif' several; name=s3://… one that the
service has already; name:=JSON is JSON as it stands. After an interruption the same command sends only what is missing.

longhaul submit thumbnail image=@cat.png width=128 --out results/`,
  options: {
    ...serviceOptions,
    wait: { type: 'boolean', help: 'follow the job to its end; the exit code is the job’s' },
    deadline: {
      type: 'string',
      value: 'TIME',
      help: 'wait no longer than this, as in 90s or 2h; implies --wait',
    },
    out: {
      type: 'string',
      value: 'DIR',
      help: 'fetch the outputs into a folder when it has completed; implies --wait',
    },
    'idempotency-key': {
      type: 'string',
      value: 'KEY',
      help: 'submitted again under this name it is the same job, not a second one',
    },
    priority: {
      type: 'string',
      value: '1|2|3',
      help: '1 is soonest, 3 last; 2 unless said otherwise',
    },
    delay: { type: 'string', value: 'TIME', help: 'start no sooner than in 10min, 2h …' },
    expires: { type: 'string', value: 'TIME', help: 'fail unless it has started by then' },
    after: {
      type: 'string',
      multiple: true,
      value: 'JOB',
      help: 'start when this job has completed; fail when it does not',
    },
    'after-any': {
      type: 'boolean',
      help: 'with --after: however those jobs end',
    },
  },
  async run({ words, options, ...context }) {
    const { output, cwd } = context
    const [first] = words
    const named = first?.includes('=') === true ? undefined : first
    const deadlineMs = durationMs('deadline', options.deadline)
    const priority = wholeNumber('priority', options.priority, 1)
    if (priority !== undefined && priority > 3)
      throw new UsageError(`--priority is 1, 2 or 3, got ${priority}`)
    const delayMs = durationMs('delay', options.delay)
    const expiresMs = durationMs('expires', options.expires)
    const signal = waitSignal(context, deadlineMs)

    const client = openService(context, options)
    const processor = await processorNameOf(client, named)
    const { input: schema, state, problem } = await client.processor(processor)
    const input = await readInputWords(words.slice(named === undefined ? 0 : 1), schema, cwd)
    const files = await sendFiles(
      client,
      input,
      uploadMemory(client.url, context.env),
      output,
      signal,
    )
    const values = { ...input.values, ...files }
    const job = await client.submit(processor, values, {
      idempotencyKey: options['idempotency-key'],
      priority,
      delaySeconds: delayMs === undefined ? undefined : delayMs / 1000,
      expiresInSeconds: expiresMs === undefined ? undefined : expiresMs / 1000,
      dependsOn: options.after === undefined ? undefined : await jobIdsOf(client, options.after),
      onDependency: options['after-any'] === true ? 'any' : undefined,
      signal,
    })
    output.data(job.job_id)
    output.object('job', job)
    if (state === 'broken')
      output.complain(
        `longhaul: ${processor} does not start: ${problem?.detail ?? 'its setup failed'}\n  The job waits until the service runs with one that does.`,
      )
    if (options.wait !== true && deadlineMs === undefined && options.out === undefined) {
      output.say(`  ${job.status}.  longhaul watch ${shortId(job.job_id)}`)
      return exitCode.done
    }
    const ended = await watchDetached(client, job.job_id, output, signal)
    if (options.out !== undefined && ended.status === 'completed') {
      await fetchOutputs(client, ended.outputs, output, {
        folder: path.resolve(cwd, options.out),
        cwd,
        signal,
      })
    }
    return exitCodeOfJobs([ended.status])
  },
})
