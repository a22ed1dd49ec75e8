import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { dispatch } from '../packages/longhaul/src/cli/dispatch.ts'

const main = path.join(import.meta.dirname, '../packages/longhaul/src/cli/main.ts')
export const fixture = (name: string): string => path.join(import.meta.dirname, 'fixtures', name)

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stdout and stderr together hold the text; rejects when the command ends without it. */
  said(text: string): Promise<void>
}
export interface Surroundings {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
}

/** What a shell would give a command. Settings of whoever runs the tests do not reach it. */
const surroundingsOf = ({ cwd, env = {} }: Surroundings): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env['PATH'], HOME: cwd, XDG_STATE_HOME: path.join(cwd, 'state') },
  // Not below the home of each test: the same code is compiled once.
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? path.join(tmpdir(), 'longhaul-compiled'),
  ...env,
})

/** The real command in a process of its own. */
export const start = (args: readonly string[], around: Surroundings): Running =>
  startProgram(process.execPath, ['--conditions=longhaul-source', main, ...args], around)

/** A line for bash, in the strict mode of workflow engines, where `longhaul` is installed. */
export const startShell = (line: string, around: Surroundings): Running => {
  const longhaul = `longhaul() { '${process.execPath}' --conditions=longhaul-source '${main}' "$@"; }`
  return startProgram('bash', ['-euo', 'pipefail', '-c', `${longhaul}\n${line}`], around)
}

function startProgram(program: string, args: readonly string[], around: Surroundings): Running {
  const child = spawn(program, args, {
    cwd: around.cwd,
    env: surroundingsOf(around),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const heard = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const look of heard) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    for (const look of heard) look()
  })
  const ended = once(child, 'close').then(([code]): Ended => ({
    code: code as number | null,
    stdout,
    stderr,
  }))
  const said = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!`${stdout}${stderr}`.includes(text)) return
        heard.delete(look)
        resolve()
      }
      heard.add(look)
      look()
      void ended.then(() => reject(new Error(`ended without ${text}:\n${stdout}${stderr}`)))
    })
  return { child, ended, said }
}

/** Commands that only talk to a service. The others load processors, or open the data of the current directory. */
const talking = new Set(
  'put upload submit watch jobs logs cancel retry failed download status why pause resume limit drain'.split(
    ' ',
  ),
)

/**
 * One command to its end. Those that talk to a service run within this process, through the very function that the program
 * hands itself to: a process for each took most of the time of these tests. What is about the process itself (signals,
 * terminals) uses start().
 */
export async function run(args: readonly string[], around: Surroundings): Promise<Ended> {
  if (!talking.has(args[0] ?? '')) return start(args, around).ended
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string | Uint8Array) =>
      (written[name] += typeof text === 'string' ? text : Buffer.from(text).toString()) !== '',
  })
  const code = await dispatch(args, {
    env: surroundingsOf(around),
    cwd: around.cwd,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    interruption: () => new AbortController().signal,
  })
  return { code, ...written }
}

export interface Service {
  readonly url: string
  readonly stderr: () => string
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

/** `longhaul serve` on a free port; resolves when it serves. */
export async function serve(args: readonly string[], around: Surroundings): Promise<Service> {
  const running = start(['serve', '--port', '0', ...args, '--json'], {
    ...around,
    env: { LOG_LEVEL: 'warn', ...around.env },
  })
  let stderr = ''
  running.child.stderr!.on('data', (text: string) => (stderr += text))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: running.child.stdout! }).on('line', (line) => {
      const { object, url: served } = JSON.parse(line) as { object?: string; url?: string }
      if (object === 'served' && served !== undefined) resolve(served)
    })
    void running.ended.then((how) => reject(new Error(`serve ended: ${JSON.stringify(how)}`)))
  })
  return {
    url,
    stderr: () => stderr,
    stop: async (signal = 'SIGTERM') => {
      running.child.kill(signal)
      return running.ended
    },
  }
}
