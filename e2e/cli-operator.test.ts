import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixture, run, serve, start, type Ended, type Service } from './cli-harness.ts'

let folder: string
let service: Service
const lease = { LONGHAUL_LEASE_SECONDS: '2' }
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-operator-'))
  service = await serve([fixture('steps.ts'), fixture('no-setup.ts')], { cwd: folder, env: lease })
}, 60_000)
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

const longhaul = (...args: string[]): Promise<Ended> =>
  run(args, { cwd: folder, env: { ...lease, LONGHAUL_URL: service.url } })
async function submitted(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await longhaul('submit', 'steps', '--new', ...words)
  expect(code, stderr).toBe(0)
  return stdout.trim()
}
const objectsOf = (stdout: string, name: string): Record<string, unknown>[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ object }) => object === name)

it('why: the reason, since when, and a line that helps; pause and resume', async () => {
  expect((await longhaul('pause', 'steps')).stdout).toMatch(/^ {2}steps {2}paused · /)
  const id = await submitted()
  const held = await longhaul('why', id)
  expect(held.code).toBe(0)
  expect(held.stdout).toMatch(/^steps j_\w+ {2}queued, has waited .+, 0 ahead$/m)
  expect(held.stdout).toMatch(/^ {2}.+ {2}paused {2}\d\d:\d\d:\d\d – now UTC$/m)
  expect(held.stdout).toContain('  steps is paused\n  try  longhaul resume steps\n')
  expect((await longhaul('status')).stdout).toMatch(/! steps is paused; 1 job waits/)
  expect((await longhaul('resume', 'steps')).stdout).toContain('open · ')
  expect((await longhaul('watch', id)).code).toBe(0)
  const [ended] = objectsOf((await longhaul('why', id, '--json')).stdout, 'why')
  expect(ended).toMatchObject({ because: expect.stringMatching(/^completed in /) as unknown })
  const intervals = ended!['intervals'] as { duration_ms: number }[]
  expect(intervals.reduce((sum, { duration_ms }) => sum + duration_ms, 0)).toBe(ended!['waited_ms'])
})

it('limit: shows, sets and takes away; a wrong name gets a hint', async () => {
  expect((await longhaul('limit', 'steps', '1', '--rate', '600')).stdout).toMatch(
    /at most 1 at once · 600 a minute/,
  )
  expect((await longhaul('limit', 'steps')).stdout).toContain('at most 1 at once')
  expect((await longhaul('limit', 'steps', 'none', '--rate', 'none')).stdout).toContain(
    'as many as there are slots',
  )
  const wrong = await longhaul('limit', 'setps', '1')
  expect(wrong).toMatchObject({ code: 5, stdout: '' })
  expect(wrong.stderr).toContain('did you mean steps?')
  expect((await longhaul('limit', 'steps', 'many')).code).toBe(2)
})

it('cancel and retry of what selectors choose: counted first, done with --yes', async () => {
  await longhaul('pause', 'steps')
  const ids = [await submitted(), await submitted()]
  const chosen = ['--status', 'queued', '--processor', 'steps', '--since', '1h']
  const counted = await longhaul('cancel', ...chosen)
  expect(counted).toMatchObject({ code: 2, stdout: '' })
  expect(counted.stderr).toContain('2 jobs to cancel; nothing was done. --yes does it')
  expect((await longhaul('cancel', ...chosen, '--yes')).stdout.trim().split('\n').sort()).toEqual(
    [...ids].sort(),
  )
  await longhaul('resume', 'steps')
  const retried = await longhaul('retry', '--status', 'cancelled', '--since', '1h', '--yes')
  expect(retried.code, retried.stderr).toBe(0)
  expect((await longhaul('watch', ...ids)).code).toBe(0)
  const nothing = await longhaul('retry', '--status', 'cancelled', '--since', '1h', '--yes')
  expect(nothing).toMatchObject({ code: 0, stdout: '' })
  expect((await longhaul('cancel')).code).toBe(2)
})

it('status names what needs a hand first, and ends with 1 then', async () => {
  const { code, stdout } = await longhaul('status')
  expect(code).toBe(1)
  expect(stdout).toMatch(/● PROCESSOR-BROKEN/)
  expect(stdout).toMatch(/! processor no-setup does not start: .*the model is not where it was/)
  expect(stdout).toMatch(/^ {2}steps +queued 0 +running 0\/3/m)
  const [status] = objectsOf((await longhaul('status', '--json')).stdout, 'status')
  expect(status).toHaveProperty('attention.0.kind', 'processor-broken')
})

it('submit to a processor whose setup failed says so', async () => {
  const { code, stderr } = await longhaul('submit', 'no-setup')
  expect(code).toBe(0)
  expect(stderr).toMatch(/no-setup does not start: .*the model is not where it was/)
  await longhaul('cancel', '--processor', 'no-setup', '--yes')
})

it('submit --after: starts when the other has completed', async () => {
  const first = await submitted('steps=3', 'pause_ms=200')
  const second = await longhaul('submit', 'steps', '--after', first, '--wait', '--json')
  expect(second.code, second.stderr).toBe(0)
  const [job] = objectsOf(second.stdout, 'job')
  expect(job?.['depends_on']).toEqual([first])
})

describe('an API without a worker, and workers without an API', () => {
  it('shares the work, drains a worker on demand and on SIGTERM', async () => {
    const data = ['--data', 'apart']
    const api = await serve([fixture('steps.ts'), '--no-worker', ...data], {
      cwd: folder,
      env: lease,
    })
    const around = { cwd: folder, env: { ...lease, LONGHAUL_URL: api.url } }
    const working = () => start(['worker', fixture('steps.ts'), ...data, '--json'], around)
    try {
      const id = (await run(['submit', 'steps', '-q'], around)).stdout.trim()
      expect((await run(['why', id], around)).stdout).toContain('no worker serves steps')
      const one = working()
      await one.said('"object":"working"')
      expect((await run(['watch', id], around)).code).toBe(0)

      const drained = await run(['drain', '', '--deadline', '30s'], around)
      expect(drained.stderr).toMatch(/is drained: nothing runs there any more/)
      const two = working()
      await two.said('"object":"working"')
      const long = (await run(['submit', 'steps', 'steps=60', 'pause_ms=200', '-q'], around)).stdout
      const watching = start(['watch', long.trim(), '--json'], around)
      await watching.said('"object":"progress"')
      two.child.kill('SIGTERM')
      // What runs may finish: SIGTERM drains.
      expect((await two.ended).code).toBe(0)
      expect((await watching.ended).code).toBe(0)
      one.child.kill('SIGTERM')
      expect((await one.ended).code).toBe(0)
    } finally {
      await api.stop('SIGKILL')
    }
  })
})

describe('the data under a service', () => {
  it('backup while it works, verify, restore elsewhere; never over something', async () => {
    const id = await submitted('--wait')
    await longhaul('pause', 'steps')
    const waiting = await submitted()
    const made = await longhaul('backup', 'backup')
    expect(made.code, made.stderr).toBe(0)
    expect((await longhaul('backup', 'backup')).stderr).toContain('is not empty')
    expect((await longhaul('status')).stdout).toMatch(/backup \d.* ago/)
    await longhaul('resume', 'steps')
    expect((await longhaul('restore', 'backup', '--verify')).code).toBe(0)
    const restored = await longhaul('restore', 'backup', '--to', 'restored')
    expect(restored.code, restored.stderr).toBe(0)
    expect(restored.stderr).toContain(waiting)
    expect(restored.stderr).toContain('longhaul resume steps')
    expect((await longhaul('restore', 'backup', '--to', 'restored')).code).toBe(2)
    expect(
      await readFile(path.join(folder, `restored/objects/results/${id}/report.txt`), 'utf8'),
    ).toBe(await readFile(path.join(folder, `.longhaul/objects/results/${id}/report.txt`), 'utf8'))

    await writeFile(path.join(folder, 'backup/longhaul.db'), 'nonsense')
    const damaged = await longhaul('restore', 'backup', '--verify')
    expect(damaged.code).toBe(1)
    expect(damaged.stderr).toMatch(/longhaul\.db of the backup is damaged/)
    expect((await longhaul('restore', 'nowhere', '--verify')).stderr).toContain(
      'no complete backup',
    )
  })

  it('gc says what belongs to nobody and why, and deletes it only when told', async () => {
    const orphan = path.join(folder, '.longhaul/objects/results/j_gone')
    await mkdir(orphan, { recursive: true })
    await writeFile(path.join(orphan, 'x.bin'), Buffer.alloc(1000))
    const young = await longhaul('gc', '--dry-run')
    expect(young.stderr).toContain('nothing: everything there belongs to')
    const dry = await longhaul('gc', '--dry-run', '--age', '1ms')
    expect(dry.stdout).toContain('such as results/j_gone/x.bin: there is no job j_gone')
    expect(dry.stderr).toContain('1 kB in all; nothing was deleted')
    expect((await longhaul('gc', '--yes', '--age', '1ms')).stderr).toContain('1 kB deleted')
    expect((await longhaul('gc', '--dry-run', '--age', '1ms')).stdout).toBe('')
    expect((await longhaul('gc')).code).toBe(2)
  })

  it('doctor: one verdict, and a bundle without secrets', async () => {
    const { token } = objectsOf(
      (await longhaul('keys', 'create', '--owner', 'me', '--data', 'keyed', '--json')).stdout,
      'key',
    )[0] as { token: string }
    expect(token).toMatch(/^lh_/)
    const args = ['doctor', '--bundle', 'report.tar', '--token', token]
    const healthy = await run(args, {
      cwd: folder,
      env: { ...lease, LONGHAUL_URL: service.url, S3_SECRET_KEY: 'hush-hush' },
    })
    expect(healthy.stdout).toMatch(
      /✓ +store +local store: put, get, list, multipart and abort work/,
    )
    expect(healthy.stdout).toMatch(/✓ +counters +agree with the jobs/)
    const bundle = await readFile(path.join(folder, 'report.tar'), 'latin1')
    expect(bundle).toContain('longhaul-doctor/findings.json')
    expect(bundle).not.toContain(token)
    expect(bundle).not.toContain('hush-hush')
    const nothing = await longhaul('doctor', '--data', 'nowhere')
    expect(nothing.code).toBe(1)
    expect(nothing.stdout).toMatch(/✗ +data directory +there is none at/)
  })

  it('db: says how the schema is, and changes nothing on a dry run', async () => {
    expect((await longhaul('db', 'status')).stderr).toContain('(sqlite): up to date')
    const fresh = await longhaul('db', 'upgrade', '--dry-run', '--data', 'fresh')
    expect(fresh.stdout).toContain('0001')
    expect((await longhaul('db', 'staus')).stderr).toContain('did you mean status?')
  })
})

describe('said at once, and without the machinery', () => {
  it.each([
    ['submit', 'steps', 'text=@nowhere.txt'],
    ['try', fixture('steps.ts'), 'text=@nowhere.txt'],
  ])('a file that is not there: %s', async (...args) => {
    const { code, stderr } = await longhaul(...args)
    expect(code).toBe(2)
    expect(stderr).toContain('text: there is no file nowhere.txt')
  })

  it('a brace that was never closed', async () => {
    const { code, stderr } = await longhaul('serve', '--run', 'cat {in:file > {out:out.txt}')
    expect(code).toBe(2)
    expect(stderr).toContain('{in:file is not closed; write {in:file}')
  })

  it('a value that the processor does not take, where no service is in between', async () => {
    const { code, stderr } = await longhaul('try', fixture('steps.ts'), 'steps=0')
    expect(code).toBe(5)
    expect(stderr).toContain('steps')
    expect(stderr).not.toContain('try.invalid')
  })
})
