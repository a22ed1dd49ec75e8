import path from 'node:path'
import { batchIdOf, isBatchWord } from '../batches/batch-id.ts'
import { itemFetcher } from '../batches/fetch-items.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { fetchOutputs } from '../fetch-outputs.ts'
import { didYouMean } from '../../support/nearest.ts'
import { jobIdOf, openService, waitSignal } from '../service.ts'

export const download = defineCommand({
  name: 'download',
  usage: 'JOB [NAME…] | BATCH',
  summary:
    'Fetches the outputs of a job, or those named, or of all completed items of a batch, and verifies each by its SHA-256.',
  more: `What is there already and equal is left alone; after an interruption the same command goes on where it was.
stdout has the paths of the files.`,
  options: {
    ...serviceOptions,
    out: { type: 'string', value: 'DIR', help: 'the folder; this one unless said otherwise' },
  },
  async run({ words: [word, ...names], options, ...context }) {
    if (word === undefined)
      throw new UsageError('Which job? Give its id; `longhaul jobs` lists them')
    const { output, cwd } = context
    const signal = waitSignal(context, undefined)
    const client = openService(context, options)
    const folder = path.resolve(cwd, options.out ?? '.')
    if (isBatchWord(word)) {
      const id = await batchIdOf(client, word)
      await itemFetcher(client, id, { folder, signal }, context).fetchAll()
      return exitCode.done
    }
    const job = await client.job(await jobIdOf(client, word))
    const known = job.outputs.flatMap(({ name, field }) =>
      field === null ? [name] : [name, field],
    )
    for (const name of names) {
      if (!known.includes(name)) {
        throw new UsageError(
          `The job has no output ${name}${didYouMean(name, known) || `; it has ${known.join(', ') || 'none'}`}`,
        )
      }
    }
    const wanted = job.outputs.filter(
      ({ name, field }) =>
        names.length === 0 || names.includes(name) || (field !== null && names.includes(field)),
    )
    if (wanted.length === 0) output.say(`  the job is ${job.status} and has no outputs`)
    await fetchOutputs(client, wanted, output, {
      folder,
      cwd,
      signal,
    })
    return job.status === 'completed' || wanted.length > 0 ? exitCode.done : exitCode.failed
  },
})
