import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'

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

/** The real command in a process of its own. Settings of whoever runs the tests do not reach it. */
export function start(args: readonly string[], { cwd, env = {} }: Surroundings): Running {
  const child = spawn(process.execPath, ['--conditions=longhaul-source', main, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, XDG_STATE_HOME: path.join(cwd, 'state'), ...env },
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

export const run = (args: readonly string[], around: Surroundings): Promise<Ended> =>
  start(args, around).ended

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
