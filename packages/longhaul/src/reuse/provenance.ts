import { arch, platform } from 'node:os'
import type { JobEvent } from '../jobs/engine.ts'
import type { Job, JobId, JobOutput } from '../jobs/job.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import { fileFieldsOf } from '../processor/file-fields.ts'
import type { StagedFile } from '../runners/messages.ts'
import type { Json, JsonObject } from '../support/json.ts'

/** The file beside the outputs of a job. An output of that name stands in its place. */
export const provenanceName = 'provenance.json'

export interface ProvenanceFacts {
  readonly job: Job
  readonly description: ProcessorDescription
  /** The input as the processor saw it. */
  readonly input: JsonObject
  readonly outputs: readonly JobOutput[]
  /** The job whose result this is a copy of. */
  readonly reusedFrom?: JobId | undefined
  /** What the job went through; of a job that is at its first attempt nothing needs to be read. */
  readonly events: readonly JobEvent[]
  readonly host: string
  readonly worker: string
  readonly longhaul: string
  readonly now: number
}

/** Where the outputs of a job came from, for whoever finds them later without the service. */
export function provenanceOf(facts: ProvenanceFacts): JsonObject {
  const { job, description, input, outputs, host, worker, longhaul, now } = facts
  const fields = fileFieldsOf(description.input).map(({ name }) => name)
  const files = new Set(fields)
  return {
    v: 1,
    job_id: job.id,
    owner: job.owner,
    processor: {
      name: description.name,
      version: description.version,
      code_digest: description.code_digest ?? null,
      runtime: description.runtime ?? null,
    },
    parameters: Object.fromEntries(Object.entries(input).filter(([name]) => !files.has(name))),
    inputs: fields.flatMap((field) => filesIn(input[field]).map((file) => inputOf(field, file))),
    outputs: outputs.map(({ name, size, sha256, mediaType }) => ({
      name,
      size_bytes: size,
      sha256,
      content_type: mediaType,
    })),
    ...(facts.reusedFrom === undefined ? {} : { reused_from: facts.reusedFrom }),
    attempts: attemptsOf(facts),
    host: { name: host, worker, platform: platform(), arch: arch() },
    longhaul,
    created_at: iso(job.createdAt),
    started_at: iso(job.startedAt ?? now),
    made_at: iso(now),
  }
}

const filesIn = (value: Json | undefined): readonly StagedFile[] =>
  [value ?? []].flat() as unknown as readonly StagedFile[]

const inputOf = (field: string, { name, uri, size, sha256 }: StagedFile): JsonObject => ({
  field,
  name,
  uri,
  size_bytes: size,
  sha256,
})

/** Every attempt, and how the earlier ones ended. */
function attemptsOf({ job, events, worker, now }: ProvenanceFacts): Json {
  const earlier = events
    .filter(({ type, attempt }) => type === 'started' && attempt < job.attempt)
    .map(({ attempt, at, data }) => {
      const end = events.find((event) => event.attempt === attempt && ends.has(event.type))
      return {
        n: attempt,
        worker: data['worker'] ?? null,
        started_at: iso(at),
        ended: end?.type ?? null,
      }
    })
  const own = events.find(({ type, attempt }) => type === 'started' && attempt === job.attempt)
  const current = {
    n: job.attempt,
    worker,
    started_at: iso(own?.at ?? job.startedAt ?? now),
    ended: 'completed',
  }
  return [...earlier, current]
}

const ends = new Set(['lost', 'released', 'retry_wait', 'failed', 'cancelled', 'completed'])

const iso = (ms: number): string => new Date(ms).toISOString()
