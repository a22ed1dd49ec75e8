import type { Services } from '../app/services.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { JsonObject } from '../support/json.ts'
import { prepareJson, type Submitter } from './prepare-submission.ts'
import { submitOrReuse, type SubmittedOrReused } from './submit-or-reuse.ts'

/** Makes a job of an input that another route has read; checked like any other. */
export async function submitInput(
  services: Services,
  processor: ProcessorDescription,
  input: JsonObject,
  by: Submitter,
  idempotencyKey: string | undefined,
): Promise<SubmittedOrReused> {
  const options = idempotencyKey === undefined ? {} : { idempotencyKey }
  const parsed = { family: 'input', input, options } as const
  return submitOrReuse(services, await prepareJson(services, processor, parsed, by))
}
