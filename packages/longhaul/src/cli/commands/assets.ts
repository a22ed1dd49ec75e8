import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { FlowResult, FlowStatus, JobStatus } from '@longhaul/protocol'
import { durationMs } from '../arguments.ts'
import { itemFetcher } from '../batches/fetch-items.ts'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, exitCodeOfJobs, UsageError } from '../exit-code.ts'
import { counted } from '../format/quantity.ts'
import { openService, waitSignal } from '../service.ts'

export const assets = defineCommand({
  name: 'assets',
  usage: 'OPERATIONS URL… | OPERATIONS --from FILE',
  summary:
    'Applies a remote operation to assets by their URLs, a durable job each, and prints the ids of the jobs.',
  more: `OPERATIONS is the word for several, such as remove-backgrounds. With --wait, a line for each asset: its status, its URL and where the result is.

longhaul assets remove-backgrounds --from urls.txt --wait --out cut/`,
  options: {
    ...serviceOptions,
    from: { type: 'string', value: 'FILE', help: 'URLs, one a line' },
    'idempotency-key': {
      type: 'string',
      value: 'KEY',
      help: 'the same key and assets are the same jobs',
    },
    wait: { type: 'boolean', help: 'until each has ended' },
    deadline: { type: 'string', value: 'TIME', help: 'wait that long at most, like 2h' },
    out: { type: 'string', value: 'DIR', help: 'wait, and fetch the results into this folder' },
  },
  async run({ words: [operations, ...given], options, ...context }) {
    if (operations === undefined)
      throw new UsageError('Which operation? Name it as for several assets: remove-backgrounds')
    const { output, cwd } = context
    const deadlineMs = durationMs('deadline', options.deadline)
    const urls = [...given, ...(options.from ? await linesOf(path.resolve(cwd, options.from)) : [])]
    if (urls.length === 0) throw new UsageError('Which assets? Give their URLs, or --from FILE')
    const client = openService(context, options)
    const started = await client.operations.start(operations, urls, {
      idempotencyKey: options['idempotency-key'],
    })
    const { flow_ids, batch_id } = started
    output.object('operations', started)
    if (!options.wait && options.out === undefined) {
      for (const id of flow_ids) output.data(id)
      output.say(`  ${counted(flow_ids.length, 'asset')} · longhaul watch ${batch_id}`)
      return exitCode.done
    }
    const signal = waitSignal(context, deadlineMs)
    const flows = await client.operations.wait(operations, flow_ids, {
      signal,
      onProgress: (done, total) => output.live(`  ${done} of ${total} assets`),
    })
    output.settle()
    for (const [n, id] of flow_ids.entries()) {
      const flow = flows[id]
      if (flow === undefined) continue
      output.object('flow', flow)
      output.data(lineOf(flow, urls[n] ?? ''))
    }
    if (options.out !== undefined)
      await itemFetcher(
        client,
        batch_id,
        { folder: path.resolve(cwd, options.out), signal },
        context,
      ).fetchAll()
    return exitCodeOfJobs(Object.values(flows).map(({ status }) => jobStatuses[status]))
  },
})

const lineOf = ({ status, error, processed_url }: FlowResult, url: string): string =>
  [status, url, processed_url ?? error ?? ''].join('\t')

const jobStatuses: Readonly<Record<FlowStatus, JobStatus>> = {
  PENDING: 'queued',
  RUNNING: 'running',
  RETRYING: 'retry_wait',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  UNKNOWN: 'failed',
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${file} cannot be read: ${(cause as Error).message}`)
  })
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
