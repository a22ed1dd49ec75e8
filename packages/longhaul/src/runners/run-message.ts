import type { RunMessage } from './messages.ts'
import type { AttemptRequest, RunnerOptions } from './runner.ts'

/** What the processor is told of an attempt. */
export function toRunMessage(
  processor: string,
  options: Pick<RunnerOptions, 'recordsFileBytes' | 'shardBytes'>,
  { jobId, attempt, attemptId, workspace, input, inputs, restored }: AttemptRequest,
): RunMessage {
  return {
    type: 'run',
    job_id: jobId,
    attempt,
    attempt_id: attemptId,
    processor,
    workspace,
    input,
    inputs: [...inputs],
    ...(restored === undefined
      ? {}
      : { restored: restored.state, restored_writers: [...restored.writers] }),
    limits: { records_file_bytes: options.recordsFileBytes, shard_bytes: options.shardBytes },
  }
}
