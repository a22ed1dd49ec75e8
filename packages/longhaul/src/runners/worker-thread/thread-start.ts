import type { MessagePort } from 'node:worker_threads'
import type { FromProcessor } from '../messages.ts'

/** What a thread is started with. */
export interface ThreadStart {
  readonly file: string
  readonly processor: string
  /** Of the supervisor alone: what the author posts to `parentPort` is not taken for a message of ours. */
  readonly port: MessagePort
}

/** The processor protocol, as objects instead of lines; a thread describes nothing. */
export type FromThread = Exclude<FromProcessor, { type: 'describe' }>
