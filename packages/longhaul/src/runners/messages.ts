import { z } from 'zod'
import type { Json, JsonObject } from '../support/json.ts'

/**
 * The processor protocol: JSON lines, supervisor → processor on fd 3, processor → supervisor on fd 4.
 * Reference: docs/reference/processor-protocol.md. Unknown message types and fields are ignored by both sides.
 */
// The lines were parsed as JSON, so what is inside these is JSON already; z.json() would walk every value again.
const json = z.custom<Json>((value) => value !== undefined)
const record = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
)

/** A staged input file. `path` is absolute. */
export const stagedFile = z.object({
  name: z.string(),
  path: z.string(),
  uri: z.string(),
  size: z.int().min(0),
  sha256: z.string(),
  media_type: z.string().optional(),
  /** Files of one bin belong together (docs/compat/system-b.md). */
  bin: z.string().optional(),
})
export type StagedFile = z.infer<typeof stagedFile>

export const toProcessor = z.discriminatedUnion('type', [
  /** One attempt; the next `run` comes only after `result` or `error`. The process changes into `workspace` first. */
  z.object({
    type: z.literal('run'),
    job_id: z.string(),
    attempt: z.int(),
    /** Put it into the environment as LONGHAUL_ATTEMPT_ID, so that every process of the attempt carries the mark. */
    attempt_id: z.string(),
    processor: z.string(),
    workspace: z.string(),
    /** File fields hold a StagedFile, or an array of them. */
    input: record,
    /** Every file, in manifest order. */
    inputs: z.array(stagedFile),
    /** State of the last checkpoint; absent when the attempt starts clean. Its files are back at their paths. */
    restored: json.optional(),
    /** With `restored`: what the checkpoint said of its writers, as it was. */
    restored_writers: z.array(record).optional(),
    limits: z.object({ records_file_bytes: z.int(), shard_bytes: z.int() }),
  }),
  /** Stop soon: raise in track()/progress(), set ctx.signal. SIGTERM follows after 3 s, SIGKILL after 6 s. */
  z.object({
    type: z.literal('cancel'),
    reason: z.enum(['cancelled', 'deadline', 'silent', 'drain', 'lost']),
  }),
  /** The worker is about to end: a checkpoint is due at the next occasion. Who keeps none goes on, and may be cancelled later. */
  z.object({ type: z.literal('drain') }),
  /**
   * Answers a `checkpoint`. Not saved (the store was away): go on, and try again soon. `stop`: it was saved, and the attempt
   * goes on elsewhere; answer with `error` code `cancelled`.
   */
  z.object({
    type: z.literal('checkpointed'),
    saved: z.boolean(),
    stop: z.boolean().optional(),
  }),
  /** One action, to a process that was started for actions; the next `call` comes only after its end. */
  z.object({
    type: z.literal('call'),
    processor: z.string(),
    action: z.string(),
    /** File fields hold a StagedFile, or an array of them. */
    input: record,
    params: record,
  }),
  /** End with exit code 0. Sent only between attempts; closing fd 3 means the same. */
  z.object({ type: z.literal('stop') }),
])
export type ToProcessor = z.infer<typeof toProcessor>
export type CallMessage = Extract<ToProcessor, { type: 'call' }>
export type RunMessage = Extract<ToProcessor, { type: 'run' }>

export const fromProcessor = z.discriminatedUnion('type', [
  /** First line, after the code is imported and before setup: every processor of the file. */
  z.object({
    type: z.literal('describe'),
    protocol: z.literal(1),
    /** The program that really runs, where a launcher was started: later children start it directly. */
    interpreter: z.string().optional(),
    /** Absolute paths of the code that was loaded: those below the served file's folder count for its digest. */
    files: z.array(z.string()).optional(),
    processors: z.array(z.looseObject({ name: z.string() })),
  }),
  /** setup() is done: send `run`. */
  z.object({ type: z.literal('ready') }),
  /** Instead of describe/ready: import or setup failed; the process ends. */
  z.object({
    type: z.literal('broken'),
    stage: z.enum(['import', 'setup']),
    message: z.string(),
    detail: z.string().optional(),
  }),
  z.object({
    type: z.literal('progress'),
    stage: z.string().optional(),
    percent: z.number().optional(),
    message: z.string().optional(),
    done: z.number().optional(),
    total: z.number().optional(),
    rate: z.number().optional(),
    eta_seconds: z.number().optional(),
    detail: record.optional(),
  }),
  z.object({
    type: z.literal('log'),
    level: z.enum(['debug', 'info', 'warn', 'error']),
    text: z.string(),
    fields: record.optional(),
  }),
  /** A finished file below the workspace, given away: the supervisor takes it and may remove it. */
  z.object({
    type: z.literal('output'),
    name: z.string(),
    path: z.string(),
    media_type: z.string().optional(),
    /** Records or members in it. */
    items: z.int().min(0).optional(),
  }),
  /** Everything before it is to be kept. Say nothing and write none of these files until `checkpointed` answers. */
  z.object({
    type: z.literal('checkpoint'),
    /** At most 256 KiB of JSON. */
    state: json,
    /** Paths below the workspace. */
    files: z.array(z.string()).default([]),
    /** Files that are only ever appended to, as long as they are now: what was sent before is not sent again. */
    growing: z.array(z.object({ path: z.string(), size: z.int().min(0) })).default([]),
    /** Given back as `restored_writers`. */
    writers: z.array(record).default([]),
  }),
  /** The attempt succeeded. File fields hold `{ "$output": name }`. */
  z.object({ type: z.literal('result'), value: json }),
  /** The attempt failed. `field` and `errors` go with invalid-input. */
  z.object({
    type: z.literal('error'),
    code: z.enum(['invalid-input', 'permanent', 'transient', 'cancelled', 'out-of-memory']),
    message: z.string(),
    /** Transient only: wait this long instead of the policy's backoff. */
    retry_after_ms: z.number().optional(),
    field: z.string().optional(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
    /** Stack or traceback, for the attempt's log; never sent to clients. */
    trace: z.string().optional(),
    /** Class name of the author's exception. */
    kind: z.string().optional(),
    /** The process ends with this, or is not to be trusted with another attempt. */
    fatal: z.boolean().optional(),
    /** Of an action that was called: what its author wants answered. */
    status: z.int().optional(),
  }),
  /** An action answers. `length` bytes follow on fd 5 and end the call; without, they come in chunks. */
  z.object({
    type: z.literal('answer'),
    status: z.int().min(200).max(299),
    media_type: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    length: z.int().min(0).optional(),
  }),
  /** So many more bytes of the answer follow on fd 5. */
  z.object({ type: z.literal('chunk'), length: z.int().min(0) }),
  /** There are no more chunks. */
  z.object({ type: z.literal('answered') }),
])
export type FromProcessor = z.infer<typeof fromProcessor>
export type CheckpointMessage = Extract<FromProcessor, { type: 'checkpoint' }>
export type CheckpointAnswer = Extract<ToProcessor, { type: 'checkpointed' }>
