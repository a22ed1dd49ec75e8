import type { BatchView } from '@longhaul/protocol'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fixture, run, serve, start, type Ended, type Service } from './cli-harness.ts'

let folder: string
let service: Service
const serving = ['--data', 'own-data', '--port']
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-cli-batches-'))
  service = await serve([fixture('words.ts'), '--data', 'data'], { cwd: folder })
})
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** Each test has its own files, so that no two make the same batch. */
let cwd: string
let tests = 0
beforeEach(async () => {
  cwd = path.join(folder, `here-${(tests += 1)}`)
  await mkdir(cwd)
})
const around = () => ({
  cwd,
  env: { LONGHAUL_URL: service.url, XDG_STATE_HOME: path.join(folder, 'state') },
})
const longhaul = (...args: string[]): Promise<Ended> => run(args, around())
async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(cwd, name)), { recursive: true })
    await writeFile(path.join(cwd, name), text)
  }
}
const submit = ['submit', 'words', '--each', 'text=scans/**/*.txt']
async function batch(id: string): Promise<BatchView> {
  return (await (await fetch(`${service.url}/batches/${id}`)).json()) as BatchView
}
const firstLine = (text: string): string => text.split('\n')[0] ?? ''
const objects = (stdout: string, object: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { object: string; [field: string]: unknown })
    .filter((one) => one.object === object)

describe('submit --each', () => {
  it('runs one job for each file and fetches what each made; the same command again finds all done', async () => {
    await write({ 'scans/a/1.txt': 'one', 'scans/a/2.txt': 'one two', 'scans/b/1.txt': 'a b c' })
    const command = [...submit, 'prefix=n', '--wait', '--out', 'results']
    const first = await longhaul(...command)
    expect(first.code, first.stderr).toBe(0)
    const id = firstLine(first.stdout)
    expect(id).toMatch(/^b_[0-9a-z]{26}$/)
    expect(await readdir(path.join(cwd, 'results/scans'), { recursive: true })).toEqual(
      expect.arrayContaining(['a/1.txt/count.txt', 'a/2.txt/count.txt', 'b/1.txt/count.txt']),
    )
    expect(await readFile(path.join(cwd, 'results/scans/b/1.txt/count.txt'), 'utf8')).toBe('n3')

    const again = await longhaul(...command, '--json')
    expect(again.code).toBe(0)
    expect(objects(again.stdout, 'upload')).toEqual([])
    expect(objects(again.stdout, 'batch')[0]).toMatchObject({ batch_id: id })
    expect(objects(again.stdout, 'file').map((file) => file['fetched'])).toEqual([
      false,
      false,
      false,
    ])
    const other = await longhaul(...submit, 'prefix=m')
    expect(firstLine(other.stdout)).not.toBe(id)
    expect(firstLine((await longhaul(...submit, 'prefix=n', '--new')).stdout)).not.toBe(id)
  })

  it('ends with 3 when some failed, says which, and retries those alone', async () => {
    await write({
      broken: '',
      'scans/1.txt': 'fine',
      'scans/2.txt': 'bad words',
      'scans/3.txt': 'a late one',
    })
    const { code, stdout, stderr } = await longhaul(
      ...submit,
      `broken=${path.join(cwd, 'broken')}`,
      '--wait',
      ...['--tag', 'run=7'],
    )
    const id = firstLine(stdout)
    expect([code, stderr], stderr).toEqual([
      3,
      expect.stringContaining(`longhaul retry ${id.slice(0, 12)}`),
    ])
    const failed = await longhaul('failed', id.slice(0, 12))
    expect(failed.code).toBe(0)
    const lines = failed.stdout.trim().split('\n').sort()
    expect(lines).toEqual([
      expect.stringMatching(/^invalid-input\tscans\/2\.txt\t.*expected good words/),
      'permanent\tscans/3.txt\tnot now',
    ])
    await rm(path.join(cwd, 'broken'))
    const retry = ['retry', id, '--failed', '--only', 'permanent', '--memory']
    const much = await longhaul(...retry, 'much')
    expect([much.code, much.stderr]).toEqual([2, expect.stringContaining('like "4 GB"')])
    const retried = await longhaul(...retry, '1GB')
    expect([retried.code, firstLine(retried.stdout)]).toEqual([0, id])
    expect(retried.stderr).toContain('1 item queued again')
    expect((await longhaul('watch', id)).code).toBe(3)
    expect((await batch(id)).counts).toMatchObject({ completed: 2, failed: 1 })
    const tagged = objects((await longhaul('jobs', '--tag', 'run=7', '--json')).stdout, 'job')
    expect(tagged.map(({ batch_item, memory_bytes }) => [batch_item, memory_bytes]).sort()).toEqual(
      [
        [1, null],
        [2, null],
        [3, 1e9],
      ],
    )
    const typo = await longhaul('retry', id, '--only', 'permanet')
    expect(typo.code).toBe(2)
    expect(typo.stderr).toContain('did you mean permanent?')
  })

  it('ends with 1 when all failed, 4 when it was cancelled, 124 when the deadline passed', async () => {
    await write({ 'scans/1.txt': 'bad' })
    expect((await longhaul(...submit, '--wait')).code).toBe(1)
    await write({ 'scans/1.txt': 'good', hold: '' })
    const held = [...submit, `hold=${path.join(cwd, 'hold')}`]
    const late = await longhaul(...held, '--deadline', '6s')
    expect(late.code).toBe(124)
    expect(late.stderr).toContain('work goes on')
    const id = firstLine(late.stdout)
    const cancelled = await longhaul('cancel', id)
    expect([cancelled.code, firstLine(cancelled.stdout)]).toEqual([0, id])
    expect((await longhaul('watch', id)).code).toBe(4)
  })

  it('leaves the work to itself at Ctrl-C, and comes back to it', async () => {
    await write({ 'scans/1.txt': 'one', 'scans/2.txt': 'two', hold: '' })
    const command = [...submit, `hold=${path.join(cwd, 'hold')}`, '--wait', '--out', 'results']
    const running = start(command, around())
    await running.said('to continue after any interruption')
    running.child.kill('SIGINT')
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(130)
    const id = firstLine(stdout)
    expect(stderr).toContain(`longhaul watch ${id} · longhaul cancel ${id}`)
    expect((await batch(id)).status).toBe('running')
    await rm(path.join(cwd, 'hold'))
    const again = await longhaul(...command)
    expect([again.code, firstLine(again.stdout)]).toEqual([0, id])
    expect(await readFile(path.join(cwd, 'results/scans/2.txt/count.txt'), 'utf8')).toBe('1')
  })

  it('says what it would send, and sends nothing', async () => {
    await write({ 'scans/1.txt': 'one', 'scans/2.txt': 'two' })
    const { code, stdout, stderr } = await longhaul(...submit, '--dry-run')
    expect([code, stdout]).toEqual([0, 'scans/1.txt\nscans/2.txt\n'])
    expect(stderr).toContain('2 files, 6 B; 2 files, 6 B to upload')
    await longhaul(...submit)
    expect((await longhaul(...submit, '--dry-run')).stderr).toContain('0 files, 0 B to upload')
  })

  it.each([
    [['--each', 'txet=*'], 'did you mean text?'],
    [['--each', 'text=*.nothing'], 'no file matches'],
    [['--each', 'text=*', '--after', 'j_1'], '--after is for a single job'],
    [['text=@x', '--dry-run'], '--dry-run goes with --each'],
    [['--each', 'text=*', 'text=@x'], 'There is no input text'],
  ])('refuses %j', async (words, said) => {
    await write({ x: '' })
    const { code, stderr } = await longhaul('submit', 'words', ...words)
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
  })
})

describe('download of a batch', () => {
  it('fetches every completed item, each below its name', async () => {
    await write({ 'scans/1.txt': 'one', 'scans/2.txt': 'bad' })
    const id = firstLine((await longhaul(...submit, '--wait')).stdout)
    const { code, stdout } = await longhaul('download', id, '--out', 'here')
    expect([code, stdout]).toEqual([0, 'here/scans/1.txt/count.txt\n'])
  })
})

describe('a server that is killed', () => {
  let mine: Service | undefined
  afterEach(() => mine?.stop('SIGKILL'))

  it('is told by 69 while it is away, and once it is back the same command ends the batch', async () => {
    const serveMine = (port: string) => serve([fixture('words.ts'), ...serving, port], { cwd })
    await write({ 'scans/1.txt': 'one', 'scans/2.txt': 'two three', hold: '' })
    mine = await serveMine('0')
    const { url } = mine
    const here = { ...around(), env: { ...around().env, LONGHAUL_URL: url } }
    const command = [...submit, `hold=${path.join(cwd, 'hold')}`]
    const id = firstLine((await run(command, here)).stdout)
    await mine.stop('SIGKILL')
    expect((await run(command, here)).code).toBe(69)
    await rm(path.join(cwd, 'hold'))
    mine = await serveMine(new URL(url).port)
    const again = await run([...command, '--wait', '--out', 'results'], here)
    expect([again.code, firstLine(again.stdout)], again.stderr).toEqual([0, id])
    expect(await readFile(path.join(cwd, 'results/scans/2.txt/count.txt'), 'utf8')).toBe('2')
  })
})
