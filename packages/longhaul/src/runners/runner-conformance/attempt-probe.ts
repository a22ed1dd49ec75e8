import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Progress } from '../../jobs/job.ts'
import type { JsonObject } from '../../support/json.ts'
import { readAttemptLog, type AttemptLogLine } from '../attempt-log.ts'
import type { StagedFile } from '../messages.ts'
import type { AttemptRequest, AttemptSink, Runner, RunningAttempt } from '../runner.ts'

export interface Probe extends RunningAttempt {
  readonly attemptId: string
  readonly workspace: string
  readonly progress: Progress[]
  readonly outputs: { readonly name: string; readonly path: string }[]
  readonly alive: () => number
  log(): Promise<AttemptLogLine[]>
}

let attempts = 0

/** Starts an attempt in a workspace of its own below `folder`, and keeps what comes out. */
export async function startAttempt(
  runner: Runner,
  folder: string,
  input: JsonObject,
  more: {
    readonly inputs?: readonly StagedFile[]
    readonly onOutput?: AttemptSink['output']
    readonly onCheckpoint?: AttemptSink['checkpoint']
    readonly restored?: AttemptRequest['restored']
    readonly memoryBytes?: number
    /** In the workspace before it begins. */
    readonly files?: Readonly<Record<string, string>>
  } = {},
): Promise<Probe> {
  const workspace = await mkdtemp(path.join(folder, 'workspace-'))
  for (const [name, text] of Object.entries(more.files ?? {}))
    await writeFile(path.join(workspace, name), text)
  const attemptId = `j_probe_${process.pid}.${++attempts}.nonce`
  const logFile = path.join(folder, 'logs', `${attempts}.log`)
  const progress: Progress[] = []
  const outputs: { name: string; path: string }[] = []
  let alive = 0
  const running = runner.run(
    {
      attemptId,
      jobId: `j_probe_${process.pid}`,
      attempt: attempts,
      input,
      inputs: more.inputs ?? [],
      workspace,
      logFile,
      ...(more.memoryBytes === undefined ? {} : { memoryBytes: more.memoryBytes }),
      ...(more.restored === undefined ? {} : { restored: more.restored }),
    },
    {
      checkpoint: more.onCheckpoint,
      progress: (report) => progress.push(report),
      alive: () => alive++,
      output: async (output) => {
        await more.onOutput?.(output)
        outputs.push(output)
      },
    },
  )
  void running.outcome.then(() => rm(workspace, { recursive: true, force: true }))
  return {
    attemptId,
    workspace,
    progress,
    outputs,
    alive: () => alive,
    outcome: running.outcome,
    cancel: (reason) => running.cancel(reason),
    drain: () => running.drain(),
    kill: () => running.kill(),
    log: async () => {
      const lines: AttemptLogLine[] = []
      for await (const line of readAttemptLog(logFile)) lines.push(line)
      return lines
    },
  }
}
