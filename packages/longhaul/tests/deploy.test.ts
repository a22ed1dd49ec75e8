import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chown, cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lastOf } from './deploy/dockerfile.ts'
import { buildInFolders, type ImageInFolders } from './deploy/image-in-folders.ts'
import { until } from './harness/until.ts'

const checkout = path.join(import.meta.dirname, '../../..')
const run = promisify(execFile)

let image: ImageInFolders
beforeAll(async () => {
  image = await buildInFolders(checkout)
}, 400_000)
afterAll(() => image?.remove())

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
    await cp(path.join(checkout, 'deploy/processors'), path.join(image.root, 'processors'), {
      recursive: true,
    })
    await mkdir(path.join(image.root, 'data'), { recursive: true })
    if (process.getuid?.() === 0) await chown(path.join(image.root, 'data'), 1000, 1000)
    const port = await freePort()
    const env = { HOST: '127.0.0.1', PORT: String(port) }
    const health = async () => {
      const args = String(lastOf(image.stage, 'HEALTHCHECK'))
      const command = JSON.parse(args.slice(args.indexOf('['))) as string[]
      const { program, args: words, options } = inImage(command, env)
      return run(program, words, options).then(
        () => 0,
        (error: { code: number }) => error.code,
      )
    }
    expect(await health()).toBe(1)

    const keys = inImage(longhaul('keys', 'create', '--owner', 'ana'))
    const { stdout } = await run(keys.program, keys.args, keys.options)
    const headers = { authorization: `Bearer ${stdout.trim()}` }
    const { program, args, options } = inImage(longhaul('serve', 'word_count.py'), env)
    const service = spawn(program, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    service.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    const ended = once(service, 'exit') as Promise<[number | null, string | null]>
    try {
      await until('a healthy service', async () => {
        if (service.exitCode !== null) throw new Error(`it ended: ${errors}`)
        return (await health()) === 0
      })
      if (process.getuid?.() === 0) expect(await userOf(service)).toBe('1000')
      const body = new FormData()
      body.append('text', new Blob(['to be or not to be']), 'hamlet.txt')
      const answer = await fetch(`http://127.0.0.1:${port}/processors/word_count/run`, {
        method: 'POST',
        headers,
        body,
      })
      expect(await answer.text()).toContain('"words":6')
      expect(answer.status).toBe(200)
    } finally {
      service.kill('SIGTERM')
      await ended
    }
    expect(await ended).toEqual([0, null])
    expect(await health()).toBe(1)
  }, 120_000)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function userOf(service: ChildProcess): Promise<string | undefined> {
  const status = await readFile(`/proc/${service.pid}/status`, 'utf8')
  return /^Uid:\s+(\d+)/m.exec(status)?.[1]
}
