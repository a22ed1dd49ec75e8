import type { JsonObject } from '../support/json.ts'

/**
 * What a processor says about itself, in plain data: comes over the processor protocol from any language, and is what
 * the API, the CLI and OpenAPI read. Schemas are JSON Schema 2020-12 objects with one property per field.
 *
 * A file field is `{ "type": "string", "format": "binary", "x-longhaul-file": { "media_type": "image/*" } }`; several
 * files are an array of it. Nothing deeper than that holds files.
 */
export interface ProcessorDescription {
  readonly name: string
  /** `0.0.0+dev.<first 12 of the code digest>` where the author gave none. */
  readonly version: string
  readonly description: string
  readonly input: JsonObject
  /** Absent or `{}`: anything. A file field is as in `input`; its value in a result is `{ "$output": "<name>" }`. */
  readonly output: JsonObject
  readonly concurrency?: number
  /** Deadline of one attempt. */
  readonly timeout_ms?: number
  readonly silence_ms?: number
  /** Attempts of author's failures, from `retry: { attempts }`. @default 1 */
  readonly max_attempts?: number
  readonly memory_bytes?: number
  /** Versions whose checkpoints this one can continue from, besides its own; `*`: any. */
  readonly accepts_checkpoints?: readonly string[]
  /** Whether a result may stand for a later request of the same. @default only where the request asks for it */
  readonly reuse?: boolean
  readonly queue?: string
  /** It works on bins of files: its batch jobs are told in the words of system B. */
  readonly bins?: boolean
  readonly runner?: 'process' | 'thread' | 'inline'
  /** False: it has actions and takes no jobs. @default true */
  readonly jobs?: boolean
  readonly actions?: readonly ActionDescription[]
  /** Starts of attempts in a minute, on all machines together. */
  readonly rate_per_minute?: number
  /** It is one remote operation on assets, and has routes of its own. */
  readonly operation?: OperationDescription
  /** It waits for others, and takes none of the slots that processors share. Longhaul's own jobs only. */
  readonly own_slots?: true
  /** `python3.11`, `node24`: shown to people. */
  readonly runtime?: string
  /** SHA-256 (hex) of the served file, with what it loads from beside or below it. */
  readonly code_digest?: string
  /** `module:callable` that the operator lists: called by name with the field `parameters`, it answers `{ result }`. */
  readonly callable?: string
}

/** A call that is answered at once, without a queue. */
export interface ActionDescription {
  readonly name: string
  readonly summary?: string
  readonly description?: string
  /** JSON Schema of the body, or of the query. */
  readonly input: JsonObject
  /** JSON Schema of what stands in the path. */
  readonly params: JsonObject
  /** Absent: bytes, or any JSON. */
  readonly output?: JsonObject
  /** `/append/{first}/{second}` */
  readonly path?: string
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[]
  /** Of the bytes that it answers, where that is known beforehand. */
  readonly media_type?: string
  readonly timeout_ms: number
  readonly max_bytes: number
  readonly cache_control?: string
  readonly rate?: { readonly calls: number; readonly per_ms: number }
  /** `Prefer: respond-async` makes a job of the processor. */
  readonly respond_async?: boolean
  readonly tags?: readonly string[]
}

/** How an asset operation is called and what it answers with; its input's field `digital_asset_url` names the asset. */
export interface OperationDescription {
  /** The processor's name, and others for the same, each with the word for several. */
  readonly slugs: readonly { readonly name: string; readonly plural: string }[]
  /** Media type of an answer. */
  readonly answers: string
  /** Names of what is sent: one answer, several in an archive, and how names in that begin. */
  readonly files: { readonly single: string; readonly archive: string; readonly entry: string }
  readonly max_assets: number
  readonly url_lifetime_seconds: number
}
