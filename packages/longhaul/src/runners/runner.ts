import type { Problem } from '@longhaul/protocol'
import type { Progress } from '../jobs/job.ts'
import type { Processor } from '../processor/index.ts'
import type { ProcessorDescription } from '../processor/description.ts'
import type { Json, JsonObject } from '../support/json.ts'
import type { ActionRunner } from './action-runner.ts'
import type { CheckpointMessage, StagedFile } from './messages.ts'
import type { RunnerState } from './runner-state.ts'

export type { RunnerState }

/**
 * Runs one processor's code, one attempt at a time per slot. A runner knows nothing of queues, leases or storage:
 * the worker stages inputs into the workspace before `run` and publishes what comes out of the sink.
 */
export interface Runner {
  readonly description: ProcessorDescription
  /** How setup() went; readiness waits for it, jobs do not fail by it. */
  state(): RunnerState
  /** Called whenever state() changes. */
  onState(listener: (state: RunnerState) => void): void
  /** Waits for a warm slot, then runs. Never rejects: every end is an outcome. */
  run(request: AttemptRequest, sink: AttemptSink): RunningAttempt
  /** Ends warm processes; running attempts are killed. */
  stop(): Promise<void>
  /** Where this process answers them. */
  readonly actions?: ActionRunner
}

export interface AttemptRequest {
  /** `<jobId>.<attempt>.<nonce>`: the LONGHAUL_ATTEMPT_ID that marks every process of the attempt. */
  readonly attemptId: string
  readonly jobId: string
  readonly attempt: number
  readonly input: JsonObject
  readonly inputs: readonly StagedFile[]
  /** A directory that only this attempt uses; it exists, except for a runner in this process, and becomes the current directory. */
  readonly workspace: string
  /** Where the attempt's log text goes (runners/attempt-log.ts). */
  readonly logFile: string
  /** longhaul's own words for the beginning of the log. */
  readonly notices?: readonly string[]
  /** Instead of the processor's own limit. */
  readonly memoryBytes?: number
  /** Of the checkpoint to continue from; its files lie in the workspace already. */
  readonly restored?: { readonly state: Json; readonly writers: readonly JsonObject[] }
}
/** What comes out while it runs. Calls come in order; `output` is awaited before the outcome resolves. */
export interface AttemptSink {
  /** It has its place: from now on the author's code runs. */
  started?: (() => void) | undefined
  progress(progress: Progress): void
  /** Any sign of life: a progress, a log line, a byte of stdout. */
  alive(): void
  /** Every line of the attempt's log, where somebody wants a copy. */
  logged?:
    | ((line: { readonly from: string; readonly text: string; readonly level?: string }) => void)
    | undefined
  output(output: {
    readonly name: string
    readonly path: string
    readonly mediaType?: string
    readonly items?: number
  }): Promise<void>
  /** After every output before it. Whether it was saved; absent: nothing is kept here. */
  checkpoint?: ((checkpoint: Omit<CheckpointMessage, 'type'>) => Promise<boolean>) | undefined
}
export interface RunningAttempt {
  readonly outcome: Promise<RunOutcome>
  /** Message at once, SIGTERM after 3 s, SIGKILL of the whole tree after 6 s. Idempotent. */
  cancel(reason: 'cancelled' | 'deadline' | 'silent' | 'drain' | 'lost'): void
  /** Asks for a checkpoint; once it is saved the attempt stops with reason 'drain'. Until then it goes on. Idempotent. */
  drain(): void
  /** SIGKILL of the whole tree now. */
  kill(): void
}
export type RunOutcome =
  | { readonly kind: 'completed'; readonly value: Json; readonly usage: RunUsage }
  | {
      readonly kind: 'failed'
      readonly problem: Problem
      readonly retry: 'never' | 'policy' | 'lost' | { readonly afterMs: number }
      readonly usage: RunUsage
    }
  /** Ended because cancel() asked; nothing of the attempt's process tree is left. */
  | {
      readonly kind: 'stopped'
      readonly reason: 'cancelled' | 'deadline' | 'silent' | 'drain' | 'lost'
      readonly usage: RunUsage
    }
export interface RunUsage {
  readonly cpuMs?: number
  readonly peakRssBytes?: number
}

/** Makes the runners of one served file; the app asks for the file's description first. */
export interface RunnerFactory {
  /** Imports the source in a child and answers its processors, or throws 'processor-broken' with what was printed. */
  open(source: ProcessorSource, options: RunnerOptions): Promise<readonly Runner[]>
  /** What `open` would describe; leaves no process behind. */
  describe(
    source: ProcessorSource,
    options: RunnerOptions,
  ): Promise<readonly ProcessorDescription[]>
  /** Warm processes for the actions of one that was described; undefined where it has none. */
  openActions(
    source: ProcessorSource,
    description: ProcessorDescription,
    options: RunnerOptions & { readonly actionSlots: number; readonly actionQueue: number },
  ): ActionRunner | undefined
}
/**
 * `file`: .ts .js .mjs .py, or any executable that speaks the protocol. `program`: a --run template, already split.
 * `callable`: `module:callable`, whose module is looked for in `folder` first.
 */
export type ProcessorSource =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'program'
      readonly name: string
      readonly template: string
      readonly cwd: string
      /** What one run and all that it starts may hold. @default no limit */
      readonly memoryBytes?: number
    }
  | {
      readonly kind: 'callable'
      readonly name: string
      readonly entrypoint: string
      readonly folder: string
    }
export interface RunnerOptions {
  readonly slots: number
  readonly dataDir: string
  /** Variables of this process that the author's code may see, besides PATH, HOME, LANG, TZ and TMPDIR. */
  readonly env: readonly string[]
  /** Interpreter for .py sources. @default 'python3' */
  readonly python?: string
  /** When `records` starts the next file and `shards` the next tar. */
  readonly recordsFileBytes: number
  readonly shardBytes: number
  readonly cancelGraceMs?: { readonly term: number; readonly kill: number }
  /** Attempts at once of an asset operation that does not say; they wait for others, and take none of `slots`. @default slots */
  readonly operationSlots?: number
  /** Gives a processor that runs in this process what only the service has. Throws 'invalid-config' where that is not there. */
  readonly bind?: (processor: Processor) => Processor
}
