import { execFileSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from 'longhaul/testing/servers'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFirstScreen, type FirstScreen } from './first-screen.ts'
import { install, type Installation } from './installed.ts'

const screen: FirstScreen = await readFirstScreen()
const [serve, quick, job, watch, download] = screen.steps

function hasPillow(): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import PIL'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn(
      'SKIPPED thumbs.py: /usr/bin/python3 cannot import PIL; apt-get install python3-pil',
    )
    return false
  }
}
const authors = [
  { source: 'thumbs.py', runtime: /python3\.\d+/, runs: hasPillow() },
  { source: 'thumbs.ts', runtime: /node24/, runs: true },
]

let installed: Installation
beforeAll(async () => {
  installed = await install(screen.files)
  await picture('cat.png', 640, 480)
  await picture('big.png', 3000, 3000)
})
afterAll(() => installed?.remove())

/** Noise does not compress: its size in bytes is honest work for whoever shrinks it. */
async function picture(name: string, width: number, height: number): Promise<void> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 }
  const image = sharp({ create: { width, height, channels: 3, background: '#888', noise } })
  await writeFile(
    path.join(installed.folder, name),
    await image.png({ compressionLevel: 1 }).toBuffer(),
  )
}
const inFolder = (name: string): string => path.join(installed.folder, name)
async function widthOf(name: string): Promise<{ format: string; width: number }> {
  const { format, width } = await sharp(await readFile(inFolder(name))).metadata()
  return { format, width }
}

it('the first screen has the steps that are run here', () => {
  const words = [serve, quick, job, watch, download].map((step) =>
    step?.command.split(' ').slice(0, 3),
  )
  expect(words).toEqual([
    ['npx', 'longhaul', 'serve'],
    ['curl', '-OJ', '-F'],
    ['curl', '-F', 'image=@cat.png'],
    ['npx', 'longhaul', 'watch'],
    ['npx', 'longhaul', 'download'],
  ])
  expect(screen.steps).toHaveLength(5)
})

describe.each(authors)('the first screen with $source', ({ source, runtime, runs }) => {
  let port: number
  let service: ChildProcess | undefined
  let pid: number
  let said: string[] = []
  let jobId = ''

  /** A line of the README, on this test's port and with this run's job. */
  const line = (text: string | undefined): string =>
    `LONGHAUL_URL=http://127.0.0.1:${port} ${text}`
      .replaceAll('localhost:8000', `localhost:${port}`)
      .replaceAll(/j_01k8…?/g, jobId)
  const startService = async (): Promise<void> => {
    said = []
    service = installed.start(`env PORT=${port} ${serve!.command.replace('thumbs.py', source)}`)
    // npx is between us and the service, whose log says which process it is.
    const listening = once(createInterface({ input: service.stdout! }), 'line')
    for await (const text of createInterface({ input: service.stderr! })) {
      if (!text.startsWith('npm ')) said.push(text)
      if (text.includes('/run')) break
    }
    if (!said.at(-1)?.includes('/run')) throw new Error(`serve ended: ${said.join('\n')}`)
    ;({ pid } = JSON.parse(String((await listening)[0])) as { pid: number })
  }
  const stopService = async (signal: NodeJS.Signals): Promise<unknown[]> => {
    const ended = once(service!, 'exit')
    process.kill(pid, signal)
    return ended
  }

  beforeAll(async () => {
    if (!runs) return
    port = await freePort()
    for (const name of ['.longhaul', 'results', 'thumb.webp']) {
      await rm(inFolder(name), { recursive: true, force: true })
    }
    await startService()
  })
  afterAll(async () => {
    if (service?.exitCode === null && service.signalCode === null) await stopService('SIGKILL')
  })

  it.skipIf(!runs)('serves, and says what, where and how to try it', () => {
    const [processor = '', screenLine = '', curl = ''] = said
    const [promised = ''] = serve!.answer
    expect(processor).toContain(promised.slice(0, promised.indexOf('→') + 6))
    expect(processor).toMatch(new RegExp(`${runtime.source} · warm in [0-9.]+ m?s · 3 slots$`))
    expect(screenLine).toBe(serve!.answer[1]!.replace('8000', String(port)))
    expect(curl).toBe(serve!.answer[2]!.replace('8000', String(port)))
  })

  it.skipIf(!runs)('answers a quick call with the file', async () => {
    const ended = await installed.shell(line(quick!.command))
    expect(ended).toMatchObject({ code: 0 })
    expect(await widthOf('thumb.webp')).toEqual({ format: 'webp', width: 128 })
  })

  it.skipIf(!runs)('takes a job, which can be watched to its end', async () => {
    const { code, stdout } = await installed.shell(line(job!.command))
    expect(code).toBe(0)
    const answer = JSON.parse(stdout) as {
      job_id: string
      status: string
      links: Record<string, string>
    }
    jobId = answer.job_id
    expect(answer.status).toBe('queued')
    expect(answer.links).toMatchObject({
      events: `/jobs/${jobId}/events`,
      outputs: `/jobs/${jobId}/outputs`,
    })

    const watched = await installed.shell(line(watch!.command))
    expect(watched).toMatchObject({ code: 0, stdout: '' })
    expect(watched.stderr).toMatch(/thumbnail j_\w+ {2}completed in/)
    const events = await installed.shell(line(watch!.or))
    expect(events.code).toBe(0)
    expect(events.stdout).toMatch(/^event: completed$/m)
  })

  it.skipIf(!runs)('gives the output, verified', async () => {
    const { code, stdout, stderr } = await installed.shell(line(download!.command))
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'results/thumb.webp\n' })
    const bytes = await readFile(inFolder('results/thumb.webp'))
    const digest = createHash('sha256').update(bytes).digest('hex')
    const promised = download!.answer[0]!.replace('9f2c', digest.slice(0, 4)).replace(
      /\d\.\d kB/,
      '',
    )
    expect(stderr.replace(/\d+(\.\d)? k?B/, '')).toContain(promised)
    expect(await widthOf('results/thumb.webp')).toEqual({ format: 'webp', width: 256 })

    await rm(inFolder('thumb.webp'), { force: true })
    expect(await installed.shell(line(download!.or))).toMatchObject({ code: 0 })
    expect((await readFile(inFolder('thumb.webp'))).equals(bytes)).toBe(true)
  })

  it.skipIf(!runs)('ends every job after kill -9 and a new start', async () => {
    const ids: string[] = []
    // More than there are slots, and each some work: the last ones cannot have ended before the kill.
    for (let i = 0; i < 6; i++) {
      const { stdout } = await installed.shell(line(job!.command.replace('cat.png', 'big.png')))
      ids.push((JSON.parse(stdout) as { job_id: string }).job_id)
    }
    await stopService('SIGKILL')
    const killedAt = Date.now()
    await startService()
    const ended = await installed.shell(
      line(`npx longhaul watch ${ids.join(' ')} --json --deadline 120s`),
    )
    expect(ended.code).toBe(0)
    const jobs = ended.stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { object: string; status: string; completed_at: string })
      .filter(({ object }) => object === 'job')
    expect(jobs.map(({ status }) => status)).toEqual(ids.map(() => 'completed'))
    expect(jobs.filter(({ completed_at }) => Date.parse(completed_at) > killedAt)).not.toEqual([])
  })

  it.skipIf(!runs)('stops cleanly', async () => {
    expect(await stopService('SIGTERM')).toEqual([0, null])
  })

  it.skipIf(!runs)('tries once without a server', async () => {
    await rm(inFolder('thumb.webp'), { force: true })
    const ended = await installed.shell(`npx longhaul try ${source} image=@cat.png`)
    expect(ended).toMatchObject({ code: 0, stdout: 'thumb.webp\n' })
    expect(await widthOf('thumb.webp')).toEqual({ format: 'webp', width: 256 })
  })
})

it('on an old Node says in one line what to run, and that line works', async (context) => {
  const { oldEnv: env } = installed
  if (env === undefined) return context.skip('the host has no Node older than 24')
  await rm(inFolder('thumb.webp'), { force: true })
  const told = await installed.shell("npx longhaul try thumbs.ts 'image=@cat.png' width=64", {
    env,
  })
  expect(told).toMatchObject({ code: 2, stdout: '' })
  const lines = told.stderr.split('\n').filter((text) => text.startsWith('longhaul'))
  expect(lines).toHaveLength(1)
  const pasted = / run: {2}(.+)$/.exec(lines[0]!)?.[1]
  expect(pasted).toContain('image=@cat.png width=64')
  const ended = await installed.shell(pasted!, { env })
  expect(ended).toMatchObject({ code: 0, stdout: 'thumb.webp\n' })
  return expect(await widthOf('thumb.webp')).toEqual({ format: 'webp', width: 64 })
})
