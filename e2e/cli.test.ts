import { createClient } from '@longhaul/client'
import { fileSource } from '@longhaul/client/node'
import { jobView, type JobView } from '@longhaul/protocol'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uploadMemory } from '../packages/longhaul/src/cli/upload-memory.ts'
import { fixture, run, serve, start, type Ended, type Service } from './cli-harness.ts'

let folder: string
let service: Service
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-cli-'))
  await writeFile(path.join(folder, 'in.txt'), 'some text')
  await writeFile(path.join(folder, 'bad.ts'), 'export default {')
  service = await serve([fixture('steps.ts'), 'bad.ts'], { cwd: folder })
})
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

const around = () => ({ cwd: folder, env: { LONGHAUL_URL: service.url } })
const longhaul = (...args: string[]): Promise<Ended> => run(args, around())
/** The id that submit prints, alone on its line. */
async function submitted(...words: string[]): Promise<string> {
  const { code, stdout } = await longhaul('submit', 'steps', ...words)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^j_[0-9a-z]{26}\n$/)
  return stdout.trim()
}
const objects = (stdout: string): { v: number; object: string; type?: string; no?: number }[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { v: number; object: string })
async function statusOf(id: string): Promise<string> {
  const answer = await fetch(`${service.url}/jobs/${id}?view=native`)
  return ((await answer.json()) as JobView).status
}

describe('serve', () => {
  it('says what it serves, what is broken, and how to try it, and lives on', () => {
    const said = service.stderr()
    expect(said).toMatch(
      /^ {2}steps +steps: int = 2 · .+ → \{ report: file, steps: int \} +node24 · warm in .+ · 3 slots$/m,
    )
    expect(said).toMatch(/^ {2}bad +cannot be loaded: /m)
    expect(said).toContain(
      `  screen ${service.url}   API /docs   data ./.longhaul   open (loopback only)   try:\n`,
    )
    expect(said).toContain(`  curl -X POST ${service.url}/processors/steps/run\n`)
  })

  it.each([
    [['serve'], 'Which processor?'],
    [['serve', 'nowhere.py'], 'There is no file nowhere.py'],
    [['serve', 'in.txt', '--port', 'x'], '--port must be a whole number'],
    [['serve', 'steps.ts', '--prot', '1'], 'did you mean --port?'],
  ])('%j is a usage error', async (args, message) => {
    const { code, stdout, stderr } = await longhaul(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })

  it('refuses to let others in without a key, and prints how', async () => {
    const args = [
      'serve',
      fixture('steps.ts'),
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--data',
      'other',
    ]
    const { code, stderr } = await longhaul(...args)
    expect(code).toBe(2)
    expect(stderr).toContain('longhaul keys create')
    expect(stderr).toContain('--open')
  })

  it('says when the port is taken, and by which option to choose another', async () => {
    const { port } = new URL(service.url)
    const args = ['serve', fixture('steps.ts'), '--port', port, '--data', 'other']
    const { code, stderr } = await longhaul(...args)
    expect(code).toBe(1)
    expect(stderr).toBe(
      `longhaul: Port ${port} of 127.0.0.1 is taken; stop what listens there, or choose another with --port\n`,
    )
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('stops cleanly on %s', async (signal) => {
    const other = await serve([fixture('steps.ts'), '--data', 'stopped'], { cwd: folder })
    expect(await other.stop(signal)).toMatchObject({ code: 0 })
  })
})

describe('exit codes', () => {
  it('0: the job completed', async () => {
    const { code, stdout, stderr } = await longhaul('submit', 'steps', 'steps=3', '--wait')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^j_\w+\n$/)
    expect(stderr).toMatch(/steps j_\w+ {2}completed in/)
  })

  it('1: it failed', async () => {
    const { code, stderr } = await longhaul('submit', 'steps', 'fail=true', '--wait')
    expect(code).toBe(1)
    expect(stderr).toContain('failed: asked to fail')
  })

  it('2: the words make no sense, and nothing was sent', async () => {
    const before = (await longhaul('jobs', '--all')).stdout
    const { code, stderr } = await longhaul('submit', 'steps', 'stpes=3')
    expect(code).toBe(2)
    expect(stderr).toContain('There is no input stpes; did you mean steps?')
    expect((await longhaul('submit', 'step', 'steps=3')).stderr).toContain('did you mean steps?')
    const after = (await longhaul('jobs', '--all')).stdout
    expect(after.split('\n')).toHaveLength(before.split('\n').length)
  })

  it('3: some failed, some did not', async () => {
    const ids = [await submitted('fail=true'), await submitted()]
    expect((await longhaul('watch', ...ids)).code).toBe(3)
  })

  it('4: it was cancelled', async () => {
    const id = await submitted('steps=1000', 'pause_ms=100')
    expect(await longhaul('cancel', id)).toMatchObject({ code: 0, stdout: `${id}\n` })
    expect((await longhaul('watch', id)).code).toBe(4)
  })

  it('5: the service said no', async () => {
    const unknown = await longhaul('watch', 'j_00000000000000000000000000')
    expect(unknown).toMatchObject({ code: 5, stdout: '' })
    expect(unknown.stderr).toMatch(/^longhaul: .*j_0{26}.*404 job-not-found/)
    const id = await submitted()
    await longhaul('watch', id)
    expect((await longhaul('cancel', id)).stderr).toContain('job-finished')
    expect((await longhaul('submit', 'steps', 'steps=0')).code).toBe(5)
  })

  it('69: nobody answers', async () => {
    const env = { LONGHAUL_URL: 'http://127.0.0.1:1' }
    const { code, stdout, stderr } = await run(['jobs'], { cwd: folder, env })
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toMatch(/Cannot reach http:\/\/127\.0\.0\.1:1: .+ after 5 tries; check/)
  })

  it('124: the deadline has passed, and the work goes on', async () => {
    const { code, stdout, stderr } = await longhaul(
      'submit',
      'steps',
      'steps=1000',
      'pause_ms=100',
      '--deadline',
      '6s',
    )
    const id = stdout.trim()
    expect(code).toBe(124)
    expect(stderr).toContain(`work goes on.  longhaul watch ${id} · longhaul cancel ${id}`)
    expect(await statusOf(id)).toBe('running')
    await longhaul('cancel', id)
  })

  it('130: Ctrl-C detaches, and the work goes on', async () => {
    const id = await submitted('steps=1000', 'pause_ms=100')
    const watching = start(['watch', id, '--json'], around())
    await watching.said('"object":"progress"')
    watching.child.kill('SIGINT')
    const { code, stderr } = await watching.ended
    expect(code).toBe(130)
    expect(stderr).toBe(`Detached, work goes on.  longhaul watch ${id} · longhaul cancel ${id}\n`)
    expect(await statusOf(id)).toBe('running')
    await longhaul('cancel', id)
  })
})

it('watching outlives a kill -9 of the service', async () => {
  const args = [fixture('steps.ts'), '--data', 'killed']
  const first = await serve(args, { cwd: folder })
  const { port } = new URL(first.url)
  const env = { LONGHAUL_URL: first.url }
  const id = (
    await run(['submit', 'steps=20', 'pause_ms=200', '-q'], { cwd: folder, env })
  ).stdout.trim()
  const watching = start(['watch', id, '--json'], { cwd: folder, env })
  await watching.said('"object":"progress"')
  await first.stop('SIGKILL')
  const second = await serve([...args, '--port', port], { cwd: folder })
  try {
    const { code, stdout } = await watching.ended
    expect(code).toBe(0)
    const numbers = objects(stdout).flatMap(({ object, no }) => (object === 'event' ? [no] : []))
    // Every event once, in order: the stream went on where it broke.
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
  } finally {
    await second.stop()
  }
})

describe('what comes out', () => {
  it('is one versioned object per line with --json: the events as they come, then the job', async () => {
    // Nothing happens before somebody looks.
    await longhaul('pause', 'steps')
    const id = await submitted('steps=5', 'pause_ms=150')
    const watching = start(['watch', id, '--json', '--quiet'], around())
    await watching.said('"type":"queued"')
    await longhaul('resume', 'steps')
    const { code, stdout } = await watching.ended
    const lines = objects(stdout)
    expect(code).toBe(0)
    expect(lines.every(({ v }) => v === 1)).toBe(true)
    const events = lines.filter(({ object }) => object === 'event').map(({ type }) => type)
    expect(events.at(0)).toBe('queued')
    expect(events.at(-1)).toBe('completed')
    expect(lines.filter(({ object }) => object === 'progress')).not.toEqual([])
    expect(lines.at(-1)?.object).toBe('job')
    expect(jobView.parse(lines.at(-1))).toMatchObject({ job_id: id, status: 'completed' })
  })

  it('names the mistake in an object too', async () => {
    const { stdout } = await longhaul('watch', 'j_00000000000000000000000000', '--json')
    expect(objects(stdout)).toEqual([
      expect.objectContaining({
        v: 1,
        object: 'error',
        exit_code: 5,
        code: 'job-not-found',
        status: 404,
      }),
    ])
  })

  it('lists jobs, by status and processor', async () => {
    const id = await submitted('fail=true')
    await longhaul('watch', id)
    const failed = await longhaul(
      'jobs',
      '--status',
      'failed',
      '--processor',
      'steps',
      '--limit',
      '1',
    )
    expect(failed.stdout).toMatch(new RegExp(`^${id} {2}steps {2}failed .* asked to fail\n$`))
    expect((await longhaul('jobs', '--status', 'faild')).stderr).toContain('did you mean failed?')
    const all = objects((await longhaul('jobs', '--json', '--all')).stdout)
    expect(all.map((job) => jobView.parse(job).job_id)).toContain(id)
  })

  it('takes the beginning of an id for it, when only one job has it', async () => {
    const id = await submitted()
    expect((await longhaul('watch', id.slice(0, 20))).code).toBe(0)
    const { code, stderr } = await longhaul('watch', 'j_')
    expect(code).toBe(2)
    expect(stderr).toContain('job ids; give more of it')
  })

  it('has the log of an attempt, also while it is written', async () => {
    const id = await submitted('steps=3', 'pause_ms=400')
    const followed = await longhaul('logs', '-f', id)
    expect(followed).toMatchObject({ code: 0, stdout: 'step 1\nstep 2\nstep 3\n' })
    expect((await longhaul('logs', id)).stdout).toBe(followed.stdout)
  })

  it('ends without a word when the reader leaves', async () => {
    await submitted()
    const node = `${process.execPath} --conditions=longhaul-source`
    const command = `${node} ../main.ts jobs --all | head -c 1`.replace(
      '../main.ts',
      path.resolve(import.meta.dirname, '../packages/longhaul/src/cli/main.ts'),
    )
    const env = { PATH: process.env['PATH'], LONGHAUL_URL: service.url }
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { env })
    expect(stdout).toHaveLength(1)
    expect(stderr).not.toContain('EPIPE')
  })

  it('is a bar that moves on a terminal', async () => {
    const id = await submitted('steps=10', 'pause_ms=700')
    const main = path.resolve(import.meta.dirname, '../packages/longhaul/src/cli/main.ts')
    const command = `${process.execPath} --conditions=longhaul-source ${main} watch ${id}`
    const env = { PATH: process.env['PATH'], LONGHAUL_URL: service.url, COLUMNS: '100' }
    // script(1) gives the command a terminal of its own.
    const { stdout } = await promisify(execFile)(
      'script',
      ['-qec', `stty cols 100; ${command}`, '/dev/null'],
      { env },
    )
    const lines = stdout.split(/\r\x1b\[2K|\r\n/)
    const bar = lines.find((line) => line.includes('░') && line.includes('ETA'))
    expect(bar).toMatch(
      /^ {2}steps j_\w{10} {2}█*░+ {2}\d0 % {2}.*\d\/10.* {2}[\d.]+\/s {2}ETA \d+ s$/,
    )
    expect(lines.at(-2)).toMatch(/^ {2}steps j_\w{10} {2}completed in \d/)
  })
})

describe('files', () => {
  it('go up, and an unchanged one goes up only once', async () => {
    expect((await longhaul('submit', 'text=@in.txt')).stderr).toContain('uploaded 1 file, 9 B\n')
    expect((await longhaul('submit', 'text=@in.txt')).stderr).toContain('9 B were there already')
    await writeFile(path.join(folder, 'in.txt'), 'other txt')
    await utimes(path.join(folder, 'in.txt'), new Date(), new Date(1e12))
    expect((await longhaul('submit', 'text=@in.txt')).stderr).toContain('uploaded 1 file, 9 B\n')
  })

  it('go on where an interrupted upload ended', async () => {
    const file = path.join(folder, 'large.txt')
    await writeFile(file, Buffer.alloc(40 * 1024 * 1024, 'x'))
    // An earlier try: one part arrived, then it was stopped.
    const memory = uploadMemory(service.url, { XDG_STATE_HOME: path.join(folder, 'state') })
    const source = await fileSource(file)
    const stop = new AbortController()
    const upload = createClient({ url: service.url }).upload(source, {
      parallel: 1,
      signal: stop.signal,
      onStarted: (id) => void memory.remember(file, id),
      onProgress: (sent) => sent > 0 && stop.abort(new Error('stopped')),
    })
    await expect(upload).rejects.toThrow('stopped')
    const { code, stderr } = await longhaul('submit', 'steps', 'text=@large.txt', '--wait')
    expect(code).toBe(0)
    expect(stderr).toContain('uploaded 1 file, 42 MB, 17 MB were there already')
  })

  it('that are not there are named before anything is sent', async () => {
    const { code, stderr } = await longhaul('submit', 'steps', 'text=@nowhere.txt')
    expect(code).toBe(2)
    expect(stderr).toContain('longhaul: text: there is no file nowhere.txt\n')
  })

  it('come down verified; what is there and equal stays, what was broken off goes on', async () => {
    const { code, stdout, stderr } = await longhaul(
      'submit',
      'steps',
      'steps=7',
      '--out',
      'results',
    )
    expect(code).toBe(0)
    const id = stdout.split('\n')[0]!
    expect(stdout).toBe(`${id}\nresults/report.txt\n`)
    const file = path.join(folder, 'results/report.txt')
    const digest = createHash('sha256').update('7 nothing').digest('hex')
    expect(await readFile(file, 'utf8')).toBe('7 nothing')
    expect(stderr).toContain(`  results/report.txt  9 B  sha256 ${digest.slice(0, 4)}… verified`)

    const before = await stat(file)
    expect((await longhaul('download', id, '--out', 'results')).stderr).toContain('already there')
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs)

    await rm(file)
    await writeFile(`${file}.${digest.slice(0, 8)}.part`, '7 no')
    const again = await longhaul('download', id, 'report', '--out', 'results', '--json', '-q')
    expect(objects(again.stdout)).toEqual([
      {
        v: 1,
        object: 'file',
        path: file,
        name: 'report.txt',
        size_bytes: 9,
        sha256: digest,
        fetched: true,
      },
    ])
    expect(await readFile(file, 'utf8')).toBe('7 nothing')
    expect(await readdir(path.join(folder, 'results'))).toEqual(['report.txt'])
    expect((await longhaul('download', id, 'reprot')).stderr).toContain('did you mean report?')
  })

  it('of a retried job are made again under the same id', async () => {
    const id = await submitted('steps=2')
    await longhaul('watch', id)
    expect(await longhaul('retry', id)).toMatchObject({ code: 0, stdout: `${id}\n` })
    expect((await longhaul('watch', id)).code).toBe(0)
    expect((await longhaul('download', id, '--out', 'retried')).code).toBe(0)
  })

  it('submitted twice under one name are one job', async () => {
    const first = await submitted('steps=4', '--idempotency-key', 'night-7')
    expect(await submitted('steps=4', '--idempotency-key', 'night-7')).toBe(first)
    const other = await longhaul('submit', 'steps', 'steps=5', '--idempotency-key', 'night-7')
    expect(other.code).toBe(5)
    expect(other.stderr).toContain('idempotency-conflict')
  })
})

describe('try', () => {
  it('runs once, shows what is printed, and leaves outputs only', async () => {
    const cwd = path.join(folder, 'tried')
    await mkdir(cwd)
    await writeFile(path.join(cwd, 'in.txt'), 'in')
    const { code, stdout, stderr } = await run(['try', fixture('steps.ts'), 'text=@in.txt'], {
      cwd,
    })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"steps":2}\nreport.txt\n' })
    expect(stderr).toMatch(/^step 1\nstep 2\n {2}steps j_\w+ {2}completed in/)
    expect((await readdir(cwd)).sort()).toEqual(['in.txt', 'report.txt'])
  })

  it.each([
    [['try', fixture('steps.ts'), 'fail=true'], 1, 'failed: asked to fail'],
    [['try', 'bad.ts'], 1, 'bad.ts cannot be loaded'],
    [['try', fixture('steps.ts'), 'stpes=1'], 2, 'did you mean steps?'],
    [['try', fixture('steps.ts'), 'steps=0'], 5, 'steps'],
  ])('%j ends with %d', async (args, code, message) => {
    const ended = await longhaul(...args)
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toContain(message)
  })

  it('never writes over its input', async () => {
    const cwd = path.join(folder, 'same')
    await mkdir(cwd)
    await writeFile(path.join(cwd, 'report.txt'), 'in')
    const { code, stderr } = await run(['try', fixture('steps.ts'), 'text=@report.txt'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('--out DIR')
    expect(await readFile(path.join(cwd, 'report.txt'), 'utf8')).toBe('in')
  })

  it('is stopped by Ctrl-C, with all it started', async () => {
    const trying = start(['try', fixture('steps.ts'), 'steps=1000', 'pause_ms=100'], {
      cwd: folder,
    })
    await trying.said('step 1')
    trying.child.kill('SIGINT')
    expect((await trying.ended).code).toBe(130)
  })
})

describe('keys', () => {
  it('are made, asked for, listed and revoked', async () => {
    const cwd = path.join(folder, 'keyed')
    await mkdir(cwd)
    const made = await run(['keys', 'create', '--owner', 'ana', '--note', 'laptop'], { cwd })
    expect(made.code).toBe(0)
    expect(made.stdout).toMatch(/^lh_[0-9a-f]{12}_\S+\n$/)
    const token = made.stdout.trim()
    const keyed = await serve([fixture('steps.ts')], { cwd })
    try {
      expect(keyed.stderr()).toContain('keys needed')
      const jobs = (env: NodeJS.ProcessEnv) =>
        run(['jobs'], { cwd, env: { LONGHAUL_URL: keyed.url, ...env } })
      const refused = await jobs({})
      expect(refused.code).toBe(5)
      expect(refused.stderr).toContain('401 unauthorized')
      expect((await jobs({ LONGHAUL_TOKEN: token })).code).toBe(0)

      const id = token.split('_')[1]!
      expect((await run(['keys', 'list'], { cwd })).stdout).toMatch(
        new RegExp(`^${id} {2}ana {2}submit {2}\\S+ {2}in force {2}laptop\n$`),
      )
      expect(await run(['keys', 'revoke', id], { cwd })).toMatchObject({
        code: 0,
        stdout: `${id}\n`,
      })
      expect((await jobs({ LONGHAUL_TOKEN: token })).code).toBe(5)
      expect((await run(['keys', 'revoke', id], { cwd })).code).toBe(5)
    } finally {
      await keyed.stop()
    }
  })
})
