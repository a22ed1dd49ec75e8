import type { Services } from '../app/services.ts'
import { LonghaulError } from '../errors/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { digestOf } from '../support/canonical-json.ts'
import type { Json, JsonObject } from '../support/json.ts'
import { isDeeperThan } from '../support/json-depth.ts'
import { inputSchemaOf, invalidRequest } from '../validation/index.ts'
import type { Scope } from './engine.ts'
import type { FileRef, JobId, JobParams, Manifest } from './job.ts'
import { namesBins } from './parse-manifest.ts'
import {
  refuseManyFields,
  type ParsedSubmission,
  type SubmissionOptions,
} from './parse-submission.ts'
import type { ReadForm } from './read-form.ts'
import { resolveFile } from './resolve-file.ts'
import type { Submission } from './submit-job.ts'

export interface Submitter {
  readonly owner: string
  readonly scope: Scope
}

/** A JSON body, checked against the processor: files are found, defaults filled. */
export async function prepareJson(
  services: Services,
  processor: ProcessorDescription,
  parsed: ParsedSubmission,
  { owner, scope }: Submitter,
): Promise<Submission> {
  const { options } = parsed
  refuseWithoutJobs(processor)
  if (parsed.family === 'manifest') {
    const { manifest } = parsed
    refuseWithoutBatchJobs(services)
    onlyFileField(processor)
    const parameters = withoutStrayBatchSize(processor, parsed.parameters)
    const input = checked(processor, parameters, {
      place: ['body', 'parameters'],
      withoutFiles: true,
    })
    const params = { input, manifest, ...familyOf(processor, manifest) }
    const base = { processor, kind: 'batch', owner, params } as const
    return {
      ...base,
      ...batchTimeout(services, processor),
      ...toJobOptions(options, { processor: processor.name, manifest, parameters }),
    }
  }
  const place = ['body', 'input']
  const input = checked(processor, parsed.input, { place })
  for (const { name, many } of inputSchemaOf(processor).fileFields) {
    const given = input[name]
    if (given === undefined || given === null) continue
    const files = (Array.isArray(given) ? given : [given]) as readonly Json[]
    if (!many && files.length > 1) throw oneFile([...place, name])
    const found: FileRef[] = []
    for (const [index, file] of files.entries())
      found.push(
        await resolveFile(services, scope, file, [...place, name, ...(many ? [index] : [])]),
      )
    input[name] = (many ? found : found[0]) as unknown as Json
  }
  const identity = { processor: processor.name, input: parsed.input }
  const base = { processor, kind: 'processor', owner, params: { input } } as const
  return { ...base, ...toJobOptions(options, identity) }
}

/** A form, whose files are in the store already. */
export function prepareForm(
  processor: ProcessorDescription,
  form: ReadForm,
  options: SubmissionOptions,
  { owner, id }: { readonly owner: string; readonly id: JobId },
): Submission {
  refuseWithoutJobs(processor)
  const files = new Set(inputSchemaOf(processor).fileFields.map(({ name }) => name))
  for (const name of files) refuseText(name, form.input[name], form)
  const input = checked(processor, form.input, { place: ['body'], fromForm: true })
  // The same files sent again have other keys; what makes the request the same is their content.
  const identity = Object.entries(form.input).map(([name, value]) => [
    name,
    files.has(name) ? [value].flat().map((file) => contentOf(file as unknown as FileRef)) : value,
  ])
  const base = { processor, kind: 'processor', id, owner, params: { input } } as const
  return { ...base, ...toJobOptions(options, { processor: processor.name, input: identity }) }
}

/** A call of a callable: whatever is an object may be its parameters. */
export function prepareCall(
  { config }: Pick<Services, 'config'>,
  processor: ProcessorDescription,
  parameters: JsonObject,
  options: SubmissionOptions,
  owner: string,
): Submission {
  refuseManyFields(parameters)
  const input = checked(processor, { parameters }, { place: ['body'] })
  const identity = { processor: processor.name, parameters }
  const base = { processor, kind: 'callable', owner, params: { input } } as const
  return { ...base, ...batchTimeout({ config }, processor), ...toJobOptions(options, identity) }
}

/** The deadline that the operator gives to batch jobs that have none. */
export const batchTimeout = (
  { config }: Pick<Services, 'config'>,
  { timeout_ms }: ProcessorDescription,
): Pick<Submission, 'timeoutSeconds'> =>
  config.jobTimeoutSeconds === undefined || timeout_ms !== undefined
    ? {}
    : { timeoutSeconds: config.jobTimeoutSeconds }

function refuseWithoutBatchJobs({ config }: Pick<Services, 'config'>): void {
  if (config.batchJobs) return
  throw new LonghaulError(
    'not-found',
    'This service takes no manifests (ENABLE_BATCH_JOBS); submit {"input": {…}}.',
  )
}

/** A service of actions beside processors that have jobs. */
function refuseWithoutJobs({ name, jobs }: ProcessorDescription): void {
  if (jobs === false)
    throw new LonghaulError(
      'not-found',
      `${name} takes no jobs; its actions are below /processors/${name}.`,
    )
}

/** Whose words the job will be told in: B's where its files come in bins, as far as that is known now. */
export const familyOf = (
  processor: ProcessorDescription,
  manifest: Manifest,
): Pick<JobParams, 'family'> => (processor.bins || namesBins(manifest) ? { family: 'B' } : {})

/** Clients of system B send it with every job; null means that they leave it to the service. */
function withoutStrayBatchSize(
  { input }: ProcessorDescription,
  { batch_size, ...others }: JsonObject,
): JsonObject {
  const isKnown = 'batch_size' in ((input['properties'] ?? {}) as object)
  return isKnown && batch_size != null ? { batch_size, ...others } : others
}

/** An ingest brings files and nothing else. */
export function acceptsIngest(processor: ProcessorDescription): void {
  refuseWithoutJobs(processor)
  onlyFileField(processor)
  const alone = inputSchemaOf(processor).check({}, { place: [], withoutFiles: true })
  if (alone.ok) return
  const names = alone.details.map(({ loc }) => loc.join('.')).join(', ')
  throw new LonghaulError(
    'bad-request',
    `${processor.name} also needs ${names}, which an ingest cannot carry; upload the files and submit {"input": {…}}.`,
  )
}

/** The field that a manifest fills. */
function onlyFileField(processor: ProcessorDescription): void {
  const { length } = inputSchemaOf(processor).fileFields
  if (length === 1) return
  throw new LonghaulError(
    'bad-request',
    `A manifest fills the only file input, but ${processor.name} has ${length}; submit {"input": {…}} instead.`,
  )
}

const maxDepth = 200

function checked(
  processor: ProcessorDescription,
  input: JsonObject,
  how: Parameters<ReturnType<typeof inputSchemaOf>['check']>[1],
): Record<string, Json> {
  // Processors in other languages, and what reads job records, give up at a thousand or so.
  if (isDeeperThan(maxDepth, input))
    throw invalidRequest([
      { type: 'value_error', loc: [...how.place], msg: `Nested more than ${maxDepth} deep` },
    ])
  const result = inputSchemaOf(processor).check(input, how)
  if (!result.ok) throw invalidRequest(result.details)
  return result.input
}

/** Who is told of the end, and what it is found by, is no part of the request: asked again with others, it is the same job. */
function toJobOptions(
  { idempotencyKey: key, callbackUrl, reuse, tags, ...options }: SubmissionOptions,
  identity: unknown,
): Omit<SubmissionOptions, 'idempotencyKey'> & Pick<Submission, 'idempotency'> {
  const told = {
    ...options,
    ...(callbackUrl === undefined ? {} : { callbackUrl }),
    ...(reuse === undefined ? {} : { reuse }),
    ...(tags === undefined ? {} : { tags }),
  }
  if (key === undefined) return told
  return { ...told, idempotency: { key, hash: digestOf({ ...options, identity }) } }
}

const contentOf = ({ name, size, sha256 }: FileRef) => ({ name, size, sha256 })

const oneFile = (loc: string[]) =>
  invalidRequest([{ type: 'too_long', loc, msg: 'One file, not several' }])

/** A file field that came as text, as `curl -F image=cat.png` without the @ sends it. */
function refuseText(name: string, value: Json | undefined, form: ReadForm): void {
  const stray = [value ?? []].flat().find((item) => !form.files.has(item as unknown as FileRef))
  if (stray === undefined) return
  const got = JSON.stringify(stray).slice(0, 80)
  const msg = `Input should be a file, got the text ${got}; with curl: -F ${name}=@FILE`
  throw invalidRequest([{ type: 'file_reference', loc: ['body', name], msg }])
}
