import { callableJob, callableSubmitted, type CallableJob } from '@longhaul/protocol'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseTasks } from '../../src/callables/index.ts'
import type { ConfigOptions } from '../../src/app/index.ts'
import type { ProcessorSource } from '../../src/runners/runner.ts'
import { fixture, type HttpService, type Loose } from './http-service.ts'
import { until } from './until.ts'

export const callablesFolder = fixture('callables')

/** What `longhaul serve tasks.yml` serves. */
export async function taskSources(): Promise<readonly ProcessorSource[]> {
  const file = path.join(callablesFolder, 'tasks.yml')
  return parseTasks(await readFile(file, 'utf8'), file)
}

/** Settings of system D: run directories below the test's own folder, modules from the fixtures. */
export const callablesConfig = (
  folder: string,
  more: NonNullable<ConfigOptions['callables']> = {},
): ConfigOptions => ({
  callables: { folder: callablesFolder, runsDir: path.join(folder, '.quant_runs'), ...more },
})

/** As system D tells it; of its result the test itself asserts the shape. */
export type CallJob = Omit<CallableJob, 'result'> & { readonly result: Loose }

/** Submits as system D's clients do, and polls as they do. */
export function callsOf({ call }: Pick<HttpService, 'call'>, runsDir: string) {
  const submit = async (body: object): Promise<string> => {
    const { status, text } = await call('POST /jobs', { json: body })
    if (status !== 201) throw new Error(`${status} ${text}`)
    return callableSubmitted.parse(JSON.parse(text)).job_id
  }
  const ended = (id: string): Promise<CallJob> =>
    until(`the end of ${id}`, async () => {
      const { text } = await call(`GET /jobs/${id}`)
      const job = callableJob.strict().parse(JSON.parse(text))
      return job.status === 'completed' || job.status === 'failed' ? job : undefined
    })
  return {
    submit,
    ended,
    run: async (entrypoint: string, parameters: object = {}) =>
      ended(await submit({ entrypoint, parameters })),
    file: (id: string, name: string) => readFile(path.join(runsDir, id, name), 'utf8'),
    status: async (id: string): Promise<CallJob> =>
      callableJob
        .strict()
        .parse(JSON.parse(await readFile(path.join(runsDir, id, 'status.json'), 'utf8'))),
  }
}
