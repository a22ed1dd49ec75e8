import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { pythonFor } from '../../src/runners/child-process/python-interpreter.ts'
import {
  fromProcessor,
  type FromProcessor,
  type StagedFile,
  type ToProcessor,
} from '../../src/runners/messages.ts'
import type { Json } from '../../src/support/json.ts'
import { pythonFolder } from './python.ts'

export interface PythonCall {
  readonly file: string
  readonly input?: Readonly<Record<string, Json>>
  /** One file for a field, or several: `[name, text]`. */
  readonly files?: Readonly<Record<string, readonly [string, string] | readonly [string, string][]>>
}
export interface PythonAttempt {
  readonly messages: readonly FromProcessor[]
  readonly end: Extract<FromProcessor, { type: 'result' | 'error' }> | undefined
  readonly exit: { readonly code: number | null; readonly signal: string | null }
  readonly outputs: Readonly<Record<string, string>>
  readonly printedBytes: number
  /** Of stdout and stderr together. */
  readonly printedTail: string
}

/** One attempt on a child of its own, spoken to as the supervisor does. Nothing of it is left when it resolves. */
export async function attemptOverProtocol(call: PythonCall): Promise<PythonAttempt> {
  const workspace = await mkdtemp(path.join(tmpdir(), 'longhaul-python-'))
  const child = spawn(pythonFor(call.file), ['-m', 'longhaul.child', call.file], {
    cwd: path.dirname(call.file),
    env: { PATH: process.env['PATH'], PYTHONPATH: pythonFolder, LONGHAUL_PROTOCOL: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const control = child.stdio[3] as Duplex
  control.on('error', () => undefined) // it may have ended already; the exit tells
  const send = (message: ToProcessor) => control.write(`${JSON.stringify(message)}\n`)
  let printedBytes = 0
  let printedTail = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      printedBytes += chunk.length
      printedTail = (printedTail + chunk.toString()).slice(-10_000)
    })
  const messages: FromProcessor[] = []
  const outputs: Record<string, string> = {}
  let end: PythonAttempt['end']
  try {
    for await (const line of createInterface({ input: child.stdio[4] as Duplex })) {
      const message = fromProcessor.parse(JSON.parse(line))
      messages.push(message)
      if (message.type === 'ready') send(await runMessage(call, workspace, processorOf(messages)))
      else if (message.type === 'output') {
        outputs[message.name] = await readFile(message.path, 'utf8')
        await rm(message.path)
      } else if (message.type === 'result' || message.type === 'error') {
        end = message
        send({ type: 'stop' })
      }
    }
    const [code, signal] = await exited
    return { messages, end, exit: { code, signal }, outputs, printedBytes, printedTail }
  } finally {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL') // what it forked
    } catch {
      // nothing was left
    }
    await exited
    await rm(workspace, { recursive: true, force: true })
  }
}

function processorOf(messages: readonly FromProcessor[]): string {
  const described = messages.find((message) => message.type === 'describe')
  const name = described?.processors[0]?.name
  if (name === undefined) throw new Error('ready without a description')
  return name
}

async function runMessage(
  { input = {}, files = {} }: PythonCall,
  workspace: string,
  processor: string,
): Promise<ToProcessor> {
  const inputs: StagedFile[] = []
  const stage = async ([name, text]: readonly [string, string]): Promise<StagedFile> => {
    const file = path.join(workspace, 'inputs', String(inputs.length), name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
    const staged = { name, path: file, uri: `s3://b/${name}`, size: text.length, sha256: '' }
    inputs.push(staged)
    return staged
  }
  const staged: Record<string, Json> = { ...input }
  for (const [field, given] of Object.entries(files)) {
    if (typeof given[0] === 'string')
      staged[field] = (await stage(given as [string, string])) as unknown as Json
    else {
      const all: StagedFile[] = []
      for (const one of given as [string, string][]) all.push(await stage(one))
      staged[field] = all as unknown as Json
    }
  }
  return {
    type: 'run',
    job_id: 'j_test',
    attempt: 1,
    attempt_id: `j_test.1.${process.pid}`,
    processor,
    workspace,
    input: staged,
    inputs,
    limits: { records_file_bytes: 64 * 2 ** 20, shard_bytes: 256 * 2 ** 20 },
  }
}
