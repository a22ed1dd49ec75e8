import type { JsonObject } from '../support/json.ts'
import type { Readable } from 'node:stream'
import type { RunnerState } from './runner-state.ts'

/**
 * Serves the actions of one processor on warm processes, one call at a time on each. Knows nothing of HTTP: whoever calls has
 * checked the input and staged the files.
 */
export interface ActionRunner {
  /** How setup() went; calls wait for it. */
  state(): RunnerState
  onState(listener: (state: RunnerState) => void): void
  /**
   * Throws 'action-busy' at once when as many wait as may; 'action-timeout'; 'invalid-input', what the author's refusal says, or
   * 'action-failed'. Whatever ends the call, its process is free again or gone soon after.
   */
  call(request: ActionRequest): Promise<ActionAnswer>
  /** Calls that run or wait. */
  load(): { readonly running: number; readonly waiting: number }
  /** Ends warm processes; running calls fail. */
  stop(): Promise<void>
}

export interface ActionRequest {
  readonly action: string
  readonly input: JsonObject
  readonly params: JsonObject
  readonly timeoutMs: number
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** What the action logged, or printed. */
  readonly logged: (line: {
    readonly level: LogLevel
    readonly text: string
    readonly fields?: JsonObject
  }) => void
}
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface ActionAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly mediaType: string
  /** A stream holds its process until it is read or destroyed. */
  readonly body: Buffer | Readable
}
