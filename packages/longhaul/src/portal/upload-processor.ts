import { z } from 'zod'
import type { Services } from '../app/services.ts'
import type { Processor } from '../processor/index.ts'
import { runUpload, uploadDescription } from './upload-job.ts'

/** What jobs of kind `upload` run as, in the service's own process: it waits for the store and computes next to nothing. */
export const uploadProcessor = (services: Pick<Services, 'uploads' | 'config'>): Processor => ({
  name: uploadDescription.name,
  version: uploadDescription.version,
  description: uploadDescription.description,
  input: z.looseObject({}),
  output: undefined,
  setup: undefined,
  run: (ctx) => runUpload(services, ctx),
  actions: {},
  concurrency: undefined,
  timeoutMs: undefined,
  silenceMs: undefined,
  attempts: 3,
  memoryBytes: undefined,
  acceptsCheckpoints: undefined,
  reuse: false,
  queue: uploadDescription.queue,
  bins: undefined,
  runner: 'inline',
  jobs: true,
})
