import path from 'node:path'
import { submitEach } from '../batches/submit-each.ts'
import { watchBatch } from '../batches/watch-batch.ts'
import { durationMs, wholeNumber } from '../arguments.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { count } from '../format/quantity.ts'
import { exitCode, exitCodeOfJobs, UsageError } from '../exit-code.ts'
import { fetchOutputs } from '../fetch-outputs.ts'
import { shortId } from '../format/job-line.ts'
import { readInputWords } from '../input-words.ts'
import { sendFiles } from '../send-files.ts'
import { jobIdsOf, openService, processorNameOf, waitSignal } from '../service.ts'
import { uploadMemory } from '../upload-memory.ts'
import { reusedLine } from '../format/reused-line.ts'
import { watchDetached } from '../watch-job.ts'

export const submit = defineCommand({
  name: 'submit',
  usage: '[PROCESSOR] [name=value] [name=@path]…',
  summary: 'Uploads the files, submits a job and prints its id.',
  more: `The processor may be left out when the service has one. name=@path is a file, name=@'*.tif' several; name=s3://… one that the
service has already; name:=JSON is JSON as it stands. After an interruption the same command sends only what is missing.
The same command again is the same job: one of the same processor version, code, parameters and inputs that is under way is followed,
one that has completed is the answer. --new runs it again.

longhaul submit thumbnail image=@cat.png width=128 --out results/
longhaul submit segment --each 'images=scans/**/*.tif' threshold=0.4 --wait --out results/`,
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
    new: {
      type: 'boolean',
      help: 'run it, or the batch of --each, also when the same is under way or has completed',
    },
    'idempotency-key': {
      type: 'string',
      value: 'KEY',
      help: 'submitted again under this name it is the same job, whatever else is there',
    },
    each: {
      type: 'string',
      value: 'NAME=PATTERN',
      help: 'a batch: one job for each file that matches; the same command again goes on',
    },
    'dry-run': { type: 'boolean', help: 'with --each: only say what would be sent' },
    tag: {
      type: 'string',
      multiple: true,
      value: 'TAG',
      help: 'to find it by, as in run=7: longhaul jobs --tag run=7',
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
    const view = await client.processor(processor)
    const { input: schema, state, problem } = view
    const inputs = words.slice(named === undefined ? 0 : 1)
    const isWaiting = options.wait === true || deadlineMs !== undefined || options.out !== undefined
    const folder = options.out === undefined ? undefined : path.resolve(cwd, options.out)
    if (options.each !== undefined) {
      refuseOfBatches(options)
      const batch = await submitEach(
        client,
        {
          processor: view,
          each: options.each,
          words: inputs,
          priority,
          tags: options.tag,
          idempotencyKey: options['idempotency-key'],
          isNew: options.new === true,
          isDryRun: options['dry-run'] === true,
          signal,
        },
        context,
      )
      if (batch === undefined) return exitCode.done
      output.data(batch.batch_id)
      output.object('batch', batch)
      const id = shortId(batch.batch_id)
      output.say(
        `  ${id}  ${count(batch.counts.total)} items · to continue after any interruption: the same command`,
      )
      if (isWaiting) return watchBatch(client, batch.batch_id, { folder, signal }, context)
      output.say(`  ${batch.status}.  longhaul watch ${id}`)
      return exitCode.done
    }
    refuseOfJobs(options)
    const input = await readInputWords(inputs, schema, cwd)
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
      tags: options.tag,
      delaySeconds: delayMs === undefined ? undefined : delayMs / 1000,
      expiresInSeconds: expiresMs === undefined ? undefined : expiresMs / 1000,
      dependsOn: options.after === undefined ? undefined : await jobIdsOf(client, options.after),
      onDependency: options['after-any'] === true ? 'any' : undefined,
      reuse: options['idempotency-key'] === undefined ? options.new !== true : undefined,
      signal,
    })
    output.data(job.job_id)
    output.object('job', job)
    if (job.reused) output.say(`  ${reusedLine(job, Date.now())}`)
    if (state === 'broken')
      output.complain(
        `longhaul: ${processor} does not start: ${problem?.detail ?? 'its setup failed'}\n  The job waits until the service runs with one that does.`,
      )
    if (!isWaiting) {
      output.say(`  ${job.status}.  longhaul watch ${shortId(job.job_id)}`)
      return exitCode.done
    }
    const ended = await watchDetached(client, job.job_id, output, signal)
    if (folder !== undefined && ended.status === 'completed')
      await fetchOutputs(client, ended.outputs, output, { folder, cwd, signal })
    return exitCodeOfJobs([ended.status])
  },
})

type Given = Readonly<Record<string, unknown>>

function refuseOfBatches(options: Given): void {
  const given = ['delay', 'expires', 'after', 'after-any'].find(
    (name) => options[name] !== undefined,
  )
  if (given !== undefined) throw new UsageError(`--${given} is for a single job, not for --each`)
}

function refuseOfJobs(options: Given): void {
  if (options['dry-run'] !== undefined) throw new UsageError('--dry-run goes with --each')
}
