import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { freePort } from 'longhaul/testing/servers'

const root = path.join(import.meta.dirname, '../..')
const main = path.join(root, 'packages/longhaul/src/cli/main.ts')
const limitMs = 120_000

export interface Said {
  readonly status: number
  readonly output: string
}

/** A shell in which a page is typed, block after block, so that one can build upon the other. */
export class Session {
  readonly #shell: ChildProcessByStdio<Writable, Readable, null>
  readonly #ports: ReadonlyMap<string, string>
  #output = ''
  #heard = (): void => {}

  private constructor(folder: string, ports: ReadonlyMap<string, string>) {
    this.#ports = ports
    const port = ports.get('8000') ?? ''
    const bin = path.join(root, 'node_modules/.bin')
    this.#shell = spawn('bash', ['--norc'], {
      cwd: folder,
      env: {
        PATH: [path.join(folder, 'bin'), bin, process.env['PATH']].join(path.delimiter),
        HOME: folder,
        LONGHAUL_URL: `http://127.0.0.1:${port}`,
        LONGHAUL_DATA: `.longhaul-${port}`,
        LOG_LEVEL: 'warn',
        NODE_OPTIONS: '--conditions=longhaul-source',
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? path.join(folder, 'compiled'),
        PORT: port,
        PYTHONPATH: path.join(root, 'python'),
      },
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true, // its services are of its group, and end with it
    })
    this.#shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text
      this.#heard()
    })
    this.#shell.on('exit', () => this.#heard())
  }

  static async open(folder: string): Promise<Session> {
    const ports = new Map([
      ['8000', String(await freePort())],
      ['9000', String(await freePort())],
    ])
    const session = new Session(folder, ports)
    await session.type(await readFile(path.join(import.meta.dirname, 'session.sh'), 'utf8'))
    return session
  }

  /** Types this, and waits until it has been done. The ports of the page are others here. */
  async type(commands: string): Promise<Said> {
    let text = commands
    for (const [shown, port] of this.#ports)
      text = text.replaceAll(new RegExp(String.raw`\b${shown}\b`, 'g'), port)
    this.#output = ''
    const end = '\u0004end '
    this.#shell.stdin.write(`{ ${text.trimEnd()}\n} </dev/null\nprintf '\\004end %s\\n' "$?"\n`)
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no end within ${limitMs} ms; it said: ${this.#output}`)),
        limitMs,
      )
      this.#heard = () => {
        const isOver = !this.isOpen || /\u0004end \d+\n/.test(this.#output)
        if (!isOver) return
        clearTimeout(timer)
        resolve()
      }
      this.#heard()
    })
    const [output = '', status] = this.#output.split(end)
    return { status: Number(status ?? this.#shell.exitCode), output: this.#asShown(output) }
  }

  /** False once a command of an `sh` block has failed. */
  get isOpen(): boolean {
    return this.#shell.exitCode === null && this.#shell.signalCode === null
  }

  /** With all that it started. */
  async close(): Promise<void> {
    const { pid } = this.#shell
    if (pid === undefined) return
    if (!this.isOpen) return killGroup(pid)
    const gone = once(this.#shell, 'exit')
    killGroup(pid)
    await gone
  }

  #asShown(output: string): string {
    let text = output
    for (const [shown, port] of this.#ports)
      text = text.replaceAll(new RegExp(String.raw`\b${port}\b`, 'g'), shown)
    return text
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // it had started nothing
  }
}

/** A folder as the guides suppose it: the files that a reader has, those of all guides, and `longhaul` installed. */
export async function layOut(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await cp(path.join(import.meta.dirname, 'files'), folder, { recursive: true })
  for (const [name, text] of files) await writeFile(path.join(folder, name), text)
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const command = path.join(folder, 'bin/longhaul')
  await mkdir(path.dirname(command))
  await writeFile(command, `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  await chmod(command, 0o755)
}
