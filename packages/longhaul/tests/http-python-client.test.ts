import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startHttpService, type HttpService } from './harness/http-service.ts'
import { hasPython } from './harness/python.ts'
import { installWheel, type PythonEnvironment } from './harness/python-wheel.ts'

const segment = fileURLToPath(new URL('./fixtures/python/segment.py', import.meta.url))
const guide = path.join(import.meta.dirname, '../../../docs/guides/python.md')

describe.skipIf(!hasPython())('the Python client', () => {
  let service: HttpService
  let environment: PythonEnvironment
  let folder: string
  const children: ChildProcess[] = []
  beforeAll(async () => {
    environment = await installWheel()
    service = await startHttpService({}, [segment])
    folder = path.join(service.folder, 'client')
    await mkdir(path.join(folder, 'scans/a'), { recursive: true })
    const whole = await readFile(guide, 'utf8')
    for (const [, code = ''] of whole.matchAll(/^```python\n([\s\S]*?)^```$/gm))
      await writeFile(path.join(folder, /^# (\S+\.py)\n/.exec(code)?.[1] ?? 'nameless.py'), code)
  }, 120_000)
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })
  afterAll(async () => {
    await service?.stop()
    await environment?.remove()
  })

  function start(args: readonly string[]): ChildProcess {
    const child = spawn(environment.python, args, {
      cwd: folder,
      env: { LONGHAUL_URL: service.url, HOME: folder, XDG_STATE_HOME: path.join(folder, 'state') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    return child
  }
  async function python(
    ...args: string[]
  ): Promise<{ lines: string[]; stderr: string; code: unknown }> {
    const child = start(args)
    const ended = once(child, 'close')
    const [said, stderr] = await Promise.all([text(child.stdout!), text(child.stderr!)])
    const [code] = (await ended) as [number | null]
    return { lines: said.split('\n').filter(Boolean), stderr, code }
  }
  const write = (name: string, bytes: string | Buffer) => writeFile(path.join(folder, name), bytes)
  const jobs = async () => {
    const { json } = await service.call('GET /jobs?view=native&limit=100')
    return json.jobs as { job_id: string; status: string }[]
  }

  it('is installed from a wheel that needed no network', () => {
    expect(environment.installed).toContain('Successfully installed longhaul-0.1.0')
  })

  it('runs the example of the guide, and run again it sends and makes nothing new', async () => {
    await write('scans/a/1.tif', Buffer.from([0, 200, 250]))
    await write('scans/a/2.tif', Buffer.from([1, 2, 240]))
    await write('scans/1.tif', Buffer.from([255]))
    await write('scans/colour.tif', 'RGB and more')
    await write('scans/note.txt', 'no scan')
    const first = await python('segment_all.py')
    expect(first).toEqual({
      lines: ['colour.tif invalid-input images: colour.tif: expected grey, got colour'],
      stderr: '',
      code: 0,
    })
    const rows = async (image: string) =>
      readFile(path.join(folder, `results/scans/${image}/cells_00000.jsonl`), 'utf8')
    expect(await rows('a/1.tif')).toBe(
      '{"image": "1.tif", "label": 1, "value": 200}\n{"image": "1.tif", "label": 2, "value": 250}\n',
    )
    expect(await rows('a/2.tif')).toBe('{"image": "2.tif", "label": 2, "value": 240}\n')
    expect(await rows('1.tif')).toBe('{"image": "1.tif", "label": 0, "value": 255}\n')

    const before = await jobs()
    expect(before).toHaveLength(4)
    await write('scans/new.tif', Buffer.from([199]))
    const again = await python('segment_all.py')
    expect(again).toEqual(first)
    expect(await rows('new.tif')).toBe('{"image": "new.tif", "label": 0, "value": 199}\n')
    const after = await jobs()
    expect(after).toHaveLength(5)
    expect(after.slice(1)).toEqual(before)
  })

  it('goes on with an upload where it was killed', async () => {
    const bytes = randomBytes(40 * 1024 * 1024) // three parts
    bytes.fill(255, 0, 2)
    await write('large.tif', bytes)
    const child = start(['one_by_one.py', 'large.tif'])
    for await (const line of createInterface({ input: child.stdout! }))
      if (!line.startsWith('0/')) break
    child.kill('SIGKILL')
    await once(child, 'exit')

    const { lines, stderr, code } = await python('one_by_one.py', 'large.tif')
    expect([stderr, code]).toEqual(['', 0])
    const [firstTold = ''] = lines
    expect(Number(firstTold.split('/')[0])).toBeGreaterThan(0)
    expect(lines).toContain(`${bytes.length}/${bytes.length}`)
    expect(lines).toContain('completed')
    expect(lines).toContain('large.tif 0')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const asked = await python(
      '-c',
      `import longhaul; print(longhaul.Client().put("large.tif").sha256)`,
    )
    expect(asked.lines).toEqual([sha256])
  })

  it('cancels, retries, lists, reads logs, and makes outputs the inputs of others', async () => {
    await write('wait.tif', 'WAIT')
    await write('grey.tif', Buffer.from([255, 254]))
    await write(
      'odd.py',
      `
from longhaul import Client, JobFailedError, Options, ServiceError
lh = Client()
job = lh.submit("segment", Options(new=True), images="wait.tif")
for update in lh.watch(job):
    if update.job["status"] == "running":
        lh.cancel(job)
print(job.status, job.error.code)
try:
    job.result()
except JobFailedError as error:
    print(type(error).__name__, error.code)
print(lh.retry(job).status in ("queued", "running"))
lh.cancel(job)
print(lh.wait(job.id).status)
grey = lh.submit("segment", images=["grey.tif"], threshold=0.1)
print(grey.result(), [one.id for one in lh.jobs(status="completed", limit=1)] == [grey.id])
chained = lh.submit("segment", images=grey.outputs["cells"][0], threshold=0.4)
print(chained.result()["cells"] > 0, chained.outputs["cells"][0].name)
print(lh.submit("segment", images=["grey.tif"], threshold=0.1).id == grey.id)
print(type(lh.logs(grey)).__name__, [one["name"] for one in lh.processors()], lh.health()["status"])
for wrong in (lambda: lh.job("j_unknown"), lambda: lh.submit("segment", images="grey.tif", threshold=7)):
    try:
        wrong()
    except ServiceError as error:
        print(error.status, error.code)
`,
    )
    expect(await python('odd.py')).toEqual({
      lines: [
        'cancelled cancelled',
        'JobFailedError cancelled',
        'True',
        'cancelled',
        "{'cells': 2} True",
        'True cells_00000.jsonl',
        'True',
        "str ['segment'] healthy",
        '404 job-not-found',
        '422 invalid-request',
      ],
      stderr: '',
      code: 0,
    })
  })
})
