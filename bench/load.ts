import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { text } from 'node:stream/consumers'

export interface LoadOptions {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly body?: string
  readonly connections: number
  readonly seconds: number
  /** Between an answer and the next request of that connection. @default 0 */
  readonly pauseMs?: number
}
export interface LoadReport {
  readonly answers: number
  /** Answers that were no success, and requests that got none. */
  readonly errors: number
  readonly seconds: number
  readonly latenciesMs: readonly number[]
}

/** Sends requests from a process of its own, so that the generator's pauses are not taken for the service's. */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const generator = spawn(
    process.execPath,
    [path.join(import.meta.dirname, 'load-generator.ts'), JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [report, [code]] = await Promise.all([
    text(generator.stdout),
    once(generator, 'exit') as Promise<[number]>,
  ])
  if (code !== 0) throw new Error(`The load generator ended with ${code}`)
  return JSON.parse(report) as LoadReport
}
