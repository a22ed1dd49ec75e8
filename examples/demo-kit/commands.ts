import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

const root = path.resolve(import.meta.dirname, '../..')
const cli = path.join(root, 'packages/longhaul/src/cli/main.ts')

export interface Ended {
  readonly code: number | null
  /** What a person sees on the terminal: data and words. */
  readonly text: string
  readonly stdout: string
}
export type Environment = Readonly<Record<string, string>>

/** Settings of whoever runs the demo must not decide how it ends. */
const spawnCli = (args: readonly string[], cwd: string, env: Environment): ChildProcess =>
  spawn(process.execPath, ['--conditions=longhaul-source', cli, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, XDG_STATE_HOME: cwd, LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** A command on its way. */
export interface Running {
  readonly ended: Promise<Ended>
  /** `kill -9`. */
  kill(): void
}

export function startCommand(args: readonly string[], cwd: string, env: Environment): Running {
  const child = spawnCli(args, cwd, env)
  const [stdout, stderr] = [collect(child.stdout!), collect(child.stderr!)]
  const leave = (): void => void child.kill('SIGKILL')
  process.on('exit', leave)
  const ended = once(child, 'close').then(([code]): Ended => {
    process.off('exit', leave)
    const out = stdout()
    return { code: code as number | null, stdout: out, text: `${out}${stderr()}`.trimEnd() }
  })
  return { ended, kill: leave }
}

/** Runs `longhaul …` to its end. */
export const longhaul = (args: readonly string[], cwd: string, env: Environment): Promise<Ended> =>
  startCommand(args, cwd, env).ended

export interface Program {
  readonly pid: number
  /** What it said of itself when it was ready, from --json. */
  readonly ready: Readonly<Record<string, unknown>>
  /** As the system asks a service to end: drained. Answers the exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
}

/** Starts `longhaul serve` or `longhaul worker`; resolves when it says `ready`. */
export async function startProgram(
  args: readonly string[],
  ready: 'served' | 'working',
  cwd: string,
  env: Environment,
): Promise<Program> {
  const child = spawnCli([...args, '--json'], cwd, env)
  const stderr = collect(child.stderr!)
  const ended = once(child, 'close') as Promise<[number | null]>
  const leave = (): void => void child.kill('SIGKILL')
  process.on('exit', leave)
  void ended.then(() => process.off('exit', leave))
  const said = await Promise.race([
    objectNamed(child, ready),
    ended.then(([code]) => {
      throw new Error(`longhaul ${args.join(' ')} ended with ${code}:\n${stderr()}`)
    }),
  ])
  return {
    pid: child.pid ?? 0,
    ready: said,
    async stop() {
      child.kill('SIGTERM')
      return (await ended)[0]
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function objectNamed(child: ChildProcess, name: string): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (!line.startsWith('{')) return
      const said = JSON.parse(line) as Record<string, unknown>
      if (said['object'] === name) resolve(said)
    })
  })
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => (text += chunk))
  return () => text
}
