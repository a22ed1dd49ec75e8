import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, cp, mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { freePort } from '../src/testing/servers/free-ports.ts'
import { startTestPostgres } from '../src/testing/servers/postgres.ts'
import { startTestSwift, type TestSwift } from '../src/testing/servers/swift.ts'
import type { Compose } from './deploy/compose-mistakes.ts'
import { lastOf } from './deploy/dockerfile.ts'
import { buildInFolders, type ImageInFolders } from './deploy/image-in-folders.ts'
import { until } from './harness/until.ts'

const checkout = path.join(import.meta.dirname, '../../..')
const compose = parse(await readFile(path.join(checkout, 'compose.yaml'), 'utf8'), {
  merge: true,
}) as Compose
const run = promisify(execFile)

let image: ImageInFolders
beforeAll(async () => {
  image = await buildInFolders(checkout)
  const processors = path.join(image.root, 'processors')
  await cp(path.join(checkout, 'deploy/processors'), processors, { recursive: true })
}, 400_000)
afterAll(() => image?.remove())

/** A folder that the image's user may write. */
async function ownFolder(name: string): Promise<string> {
  const folder = path.join(image.root, name)
  await mkdir(folder, { recursive: true })
  if (process.getuid?.() === 0) await chown(folder, 1000, 1000)
  return folder
}

/** Commands of the image on this machine: its paths begin at the folder, and its user has no name here. */
function inImage(command: readonly string[], env: Record<string, string> = {}) {
  const [program = '', ...args] = command.map((word) =>
    word.startsWith('/') ? path.join(image.root, word) : word,
  )
  const [uid = 0, gid = 0] = String(lastOf(image.stage, 'USER')).split(':').map(Number)
  const options = {
    cwd: path.join(image.root, 'processors'),
    ...(process.getuid?.() === 0 ? { uid, gid } : {}),
    env: {
      PATH: `${path.join(image.root, 'usr/local/bin')}:${path.dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: '/nonexistent',
      LONGHAUL_DATA: path.join(image.root, 'data'),
      ...env,
    },
  }
  return { program, args, options }
}
const hasInit = ['/usr/bin/tini', '/usr/local/bin/tini'].some((file) => existsSync(file))
if (!hasInit) process.stderr.write('tini is not installed here: the image runs without its init\n')

/** The entry point with a command; without its init, where this machine has none. */
function longhaul(...words: string[]): readonly string[] {
  const entry = lastOf(image.stage, 'ENTRYPOINT') as readonly string[]
  expect(entry.slice(0, 2)).toEqual(['tini', '--'])
  return [...(hasInit ? entry : entry.slice(2)), ...words]
}

describe('the image', () => {
  it('is built by its steps, but for the system packages', () => {
    expect(image.notRun).toEqual([
      'apt-get update && apt-get install -y --no-install-recommends python3 tini && rm -rf /var/lib/apt/lists/*',
    ])
  })

  it('packs the licence with every package', async () => {
    const packed = path.join(image.rootOf('build'), 'packed')
    const names = await readdir(packed)
    expect(names).toHaveLength(3)
    const licence = await readFile(path.join(checkout, 'LICENSE'), 'utf8')
    for (const name of names) {
      const file = path.join(packed, name)
      const { stdout } = await run('tar', ['-xzOf', file, 'package/LICENSE'])
      expect(stdout, name).toBe(licence)
    }
  })

  it('holds published files and no sources', async () => {
    const app = path.join(image.root, 'opt/longhaul/packages/longhaul')
    expect((await readdir(app)).filter((name) => name !== 'node_modules').sort()).toEqual([
      'LICENSE',
      'bin',
      'dist',
      'package.json',
    ])
    const { program, args, options } = inImage(longhaul('--help'))
    const { stdout } = await run(program, args, options)
    expect(stdout).toContain('make a service of processor files')
  })

  it('keeps no workspace out of the build', async () => {
    const { workspaces } = JSON.parse(
      await readFile(path.join(checkout, 'package.json'), 'utf8'),
    ) as { workspaces: string[] }
    expect(workspaces).toEqual(['packages/*', 'examples/*'])
    const text = await readFile(path.join(checkout, 'Dockerfile'), 'utf8')
    for (const name of ['protocol', 'client', 'longhaul'])
      expect(text.match(new RegExp(`^COPY packages/${name}/package.json`, 'gm'))).toHaveLength(2)
  })

  it('serves as a user who is not root, tells whether it is healthy, and stops in time', async () => {
    if (process.getuid?.() !== 0) process.stderr.write('Not root: the service runs as this user\n')
    await ownFolder('data')
    const env = { HOST: '127.0.0.1', PORT: String(await freePort()) }
    expect(await healthOf(env)).toBe(1)
    const key = await newKey({})
    const service = start(longhaul('serve', 'word_count.py'), env)
    try {
      await until('a healthy service', async () => {
        service.expectRunning()
        return (await healthOf(env)) === 0
      })
      if (process.getuid?.() === 0) expect(await service.user()).toBe('1000')
      const answer = await countWords(env, key)
      expect(await answer.text()).toContain('"words":6')
      expect(answer.status).toBe(200)
    } finally {
      await service.stop()
    }
    expect(await service.stop()).toEqual([0, null])
    expect(await healthOf(env)).toBe(1)
  }, 120_000)

  it('works as an API process and two workers, with what the Compose file says to each', async () => {
    const postgres = await startTestPostgres()
    const swift = await startTestSwift()
    if (!swift) process.stderr.write('No S3 server is installed: they share a data directory\n')
    const shared = swift ? undefined : await ownFolder('shared')
    const running: Service[] = []
    try {
      const said = compose.services
      const databaseUrl = await postgres.createDatabase()
      const envFor = async (name: string, n: number): Promise<Record<string, string>> => ({
        ...filledIn(said[name]?.environment ?? {}),
        DATABASE_URL: databaseUrl,
        ...(swift ? s3Settings(swift.s3) : { S3_ENDPOINT_URL: '' }),
        LONGHAUL_DATA: shared ?? (await ownFolder(`data-${name}-${n}`)),
        HOST: '127.0.0.1',
        PORT: String(await freePort()),
      })
      const apiEnv = await envFor('api', 1)
      const key = await newKey(apiEnv)
      const envs = [apiEnv]
      running.push(start(longhaul(...(said['api']?.command ?? [])), apiEnv))
      for (let n = 1; n <= (said['worker']?.deploy?.replicas ?? 0); n++) {
        const env = await envFor('worker', n)
        envs.push(env)
        running.push(start(longhaul(...(said['worker']?.command ?? [])), env))
      }
      expect(running).toHaveLength(3)
      await until(
        'three healthy containers',
        async () => {
          running.forEach((service) => service.expectRunning())
          return (await Promise.all(envs.map(healthOf))).every((code) => code === 0)
        },
        60_000,
      )
      const answer = await countWords(apiEnv, key)
      expect(await answer.text()).toContain('"words":6')
    } finally {
      const ends = await Promise.all(running.map((service) => service.stop()))
      await swift?.stop()
      await postgres.stop()
      expect(ends).toEqual(running.map(() => [0, null]))
    }
  }, 240_000)
})

async function healthOf(env: Record<string, string>): Promise<number> {
  const args = String(lastOf(image.stage, 'HEALTHCHECK'))
  const command = JSON.parse(args.slice(args.indexOf('['))) as string[]
  const { program, args: words, options } = inImage(command, env)
  return run(program, words, options).then(
    () => 0,
    (error: { code: number }) => error.code,
  )
}

async function newKey(env: Record<string, string>): Promise<string> {
  const { program, args, options } = inImage(longhaul('keys', 'create', '--owner', 'ana'), env)
  return (await run(program, args, options)).stdout.trim()
}

async function countWords({ PORT }: Record<string, string>, key: string): Promise<Response> {
  const body = new FormData()
  body.append('text', new Blob(['to be or not to be']), 'hamlet.txt')
  const headers = { authorization: `Bearer ${key}` }
  const url = `http://127.0.0.1:${PORT}/processors/word_count/run`
  return fetch(url, { method: 'POST', headers, body })
}

interface Service {
  expectRunning(): void
  user(): Promise<string | undefined>
  /** As `docker stop`: SIGTERM. Answers exit code and signal. */
  stop(): Promise<[number | null, string | null]>
}

function start(command: readonly string[], env: Record<string, string>): Service {
  const { program, args, options } = inImage(command, env)
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  return {
    expectRunning() {
      if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended: ${errors}`)
    },
    async user() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return /^Uid:\s+(\d+)/m.exec(status)?.[1]
    },
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM')
      return ended
    },
  }
}

/** What `--env-file` would fill in, by the defaults. */
const filledIn = (environment: Readonly<Record<string, string | number>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      String(value).replace(/\$\{\w+(?::([-?])([^}]*))?\}/g, (_, kind: string, rest: string) =>
        kind === '-' ? rest : 'secret',
      ),
    ]),
  )

const s3Settings = (s3: TestSwift['s3']): Record<string, string> => ({
  S3_ENDPOINT_URL: s3.endpoint,
  S3_PUBLIC_ENDPOINT_URL: s3.endpoint,
  S3_ACCESS_KEY: s3.accessKey,
  S3_SECRET_KEY: s3.secretKey,
  S3_REGION: s3.region,
})
