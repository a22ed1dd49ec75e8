import {
  callableList,
  callableSubmitted,
  type CallableSubmitted,
  type CallableView,
} from '@longhaul/protocol'
import type { Connection } from './connection.ts'
import type { SubmitOptions } from './submit-job.ts'

export interface CallableOptions extends Omit<SubmitOptions, 'reuse' | 'onProgress' | 'memory'> {
  readonly maxAttempts?: number | undefined
}

/** Functions that the operator of the service lists. */
export interface Callables {
  list(): Promise<readonly CallableView[]>
  /**
   * A job of one of them, by the name it is listed under; `waitForJob` follows it, and its result is `{ result }`.
   *
   * @example
   * const { job_id } = await client.callables.run('momentum', { symbol: 'AAPL' })
   * const { status, result } = await client.waitForJob(job_id)
   */
  run(
    name: string,
    parameters?: Readonly<Record<string, unknown>>,
    options?: CallableOptions,
  ): Promise<CallableSubmitted>
}

export const openCallables = (connection: Connection): Callables => ({
  list: async () => (await connection.read(callableList, '/callables')).callables,
  run: (name, parameters = {}, options = {}) =>
    connection.read(callableSubmitted, `/run/${encodeURIComponent(name)}`, {
      method: 'POST',
      headers: { 'idempotency-key': options.idempotencyKey ?? crypto.randomUUID() },
      json: {
        parameters,
        // JSON leaves out what is undefined.
        priority: options.priority,
        timeout_seconds: options.timeoutSeconds,
        max_attempts: options.maxAttempts,
        delay_seconds: options.delaySeconds,
        expires_in_seconds: options.expiresInSeconds,
        depends_on: options.dependsOn,
        on_dependency: options.onDependency,
        tags: options.tags,
      },
      signal: options.signal,
    }),
})
