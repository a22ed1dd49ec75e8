import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig } from '../src/app/index.ts'
import { parseArguments } from '../src/cli/arguments.ts'
import { commands } from '../src/cli/commands/index.ts'
import { parseDuration } from '../src/support/duration.ts'
import { composeMistakes, type Compose } from './deploy/compose-mistakes.ts'
import { contextFiles } from './deploy/build-context.ts'

/** A file that is broken on purpose. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Loose = any

const checkout = path.join(import.meta.dirname, '../../..')
const textOf = (name: string) => readFile(path.join(checkout, name), 'utf8')
const compose = parse(await textOf('compose.yaml'), { merge: true }) as Compose
const example = await textOf('deploy/.env.example')
/** What `--env-file` would fill in. */
const filledIn = (text: string): string =>
  text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string, rest: string) =>
    kind === '-' ? rest : `value-of-${name}`,
  )

/** A command line as the image's entry point gets it. */
async function expectCommand(words: readonly string[]): Promise<void> {
  const [name = '', ...rest] = words
  const load = commands[name]
  expect(load, `longhaul ${name}`).toBeDefined()
  if (load === undefined) return
  const { words: files } = parseArguments(await load(), rest)
  expect(files.length).toBeGreaterThan(0)
}

describe('compose.yaml', () => {
  it('says nothing that the Compose specification does not know, and names nothing that is not there', () => {
    expect(composeMistakes(compose)).toEqual([])
  })

  it('has its mistakes named', () => {
    const broken = structuredClone(compose) as unknown as Record<string, Loose>
    broken['services'].api.comand = ['serve']
    broken['services'].api.depends_on.redis = { condition: 'service_healthy' }
    broken['services'].worker.restart = 'sometimes'
    broken['services'].postgres.volumes = ['nowhere:/var/lib/postgresql']
    delete broken['services'].s3.healthcheck
    expect(composeMistakes(broken as unknown as Compose)).toEqual([
      'api: there is no key comand',
      'api: waits for s3 to be healthy, which nothing tells',
      'api: depends on redis, which is no service',
      'worker: restart sometimes',
      'worker: waits for s3 to be healthy, which nothing tells',
      'postgres: there is no volume nowhere',
    ])
  })

  it('runs an API process, two workers, PostgreSQL and an S3 server', () => {
    const { api, worker, postgres, s3 } = compose.services
    expect(api?.command?.[0]).toBe('serve')
    expect(worker?.command?.[0]).toBe('worker')
    expect(worker?.deploy?.replicas).toBe(2)
    expect(postgres?.image).toBe('postgres:18')
    expect(s3?.image).toMatch(/:v\d/)
  })

  it('gives commands that the command line understands', async () => {
    for (const name of ['api', 'worker']) await expectCommand(compose.services[name]?.command ?? [])
  })

  it('gives settings that the configuration understands', () => {
    for (const name of ['api', 'worker']) {
      const env = Object.fromEntries(
        Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [
          key,
          filledIn(String(value)),
        ]),
      )
      const config = readConfig({}, { ...env, LONGHAUL_DATA: '/data' })
      expect(config.databaseUrl).toContain('@postgres:5432/')
      expect(config.s3?.endpoint).toBe('http://s3:7070')
      expect(config.s3?.publicEndpoint).toBe('http://localhost:7070')
      // Docker kills after this long; the drain, and closing after it, come first.
      const grace = parseDuration(compose.services[name]?.stop_grace_period ?? '0s')
      expect(grace).toBeGreaterThanOrEqual(config.drainGraceMs + 15_000)
    }
  })

  it('asks for exactly what deploy/.env.example names', async () => {
    const text = await textOf('compose.yaml')
    const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name))
    const named = [...example.matchAll(/^(\w+)=/gm)].map(([, name]) => name)
    expect([...asked].sort()).toEqual([...named].sort())
    expect(example).toMatch(/^POSTGRES_PASSWORD=$/m)
  })
})

describe('the build context', () => {
  it('holds what the build reads, and nobody’s secrets, tests or dependencies', async () => {
    const files = await contextFiles(checkout)
    for (const name of ['package-lock.json', 'LICENSE', 'scripts/copy-assets.ts'])
      expect(files).toContain(name)
    expect(files.some((name) => name.startsWith('packages/longhaul/src/'))).toBe(true)
    const unwanted = /node_modules|(^|\/)dist\/|\.env$|packages\/longhaul\/tests|\.git\//
    expect(files.filter((name) => unwanted.test(name))).toEqual([])
  })
})

describe('deploy/longhaul.service', () => {
  it('leaves the drain its time and runs a command that is there', async () => {
    const unit = await textOf('deploy/longhaul.service')
    const valueOf = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? ''
    const words = valueOf('ExecStart').split(' ')
    expect(words[0]).toBe('/usr/local/bin/longhaul')
    await expectCommand(words.slice(1))
    const { drainGraceMs } = readConfig({}, {})
    expect(Number(valueOf('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(drainGraceMs + 15_000)
    expect(valueOf('KillMode')).toBe('mixed')
    expect(valueOf('OOMPolicy')).toBe('continue')
    if (existsSync('/usr/bin/systemd-analyze')) {
      const file = path.join(checkout, 'deploy/longhaul.service')
      const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', file]).catch(
        (error: unknown) => error as { stderr: string },
      )
      expect(stderr).not.toMatch(/unknown|invalid/i)
    } else process.stderr.write('systemd-analyze is not installed here: the unit was only read\n')
  })
})
