import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixture, run, serve, start, startShell, type Ended, type Service } from './cli-harness.ts'

/**
 * A pipeline engineer's session at a shell, in order: each step begins where the one before left off. One rule above all: the same
 * command again goes on. Each exit code is shown once, by what a script would branch on.
 */
let folder: string
let service: Service
const serving = () => [fixture('words.ts'), '--data', 'data']
const scans = {
  'scans/a/1.txt': 'one',
  'scans/a/2.txt': 'one two',
  'scans/b/1.txt': 'bad words',
  'scans/b/2.txt': 'a late one',
}
const inFolder = (name: string): string => path.join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-session-'))
  for (const [name, text] of Object.entries({ ...scans, hold: '', broken: '' })) {
    await mkdir(path.dirname(inFolder(name)), { recursive: true })
    await writeFile(inFolder(name), text)
  }
  service = await serve(serving(), { cwd: folder })
})
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})
const around = () => ({ cwd: folder, env: { LONGHAUL_URL: service.url } })
const longhaul = (...args: string[]): Promise<Ended> => run(args, around())
/** Each item waits while the file `hold` is there; the late one fails while `broken` is. */
const words = () => [
  ...['submit', 'words', '--each', 'text=scans/**/*.txt'],
  ...[`hold=${inFolder('hold')}`, `broken=${inFolder('broken')}`, '--tag', 'run=7'],
]
const fetching = ['--wait', '--out', 'results']
const firstLine = (text: string): string => text.split('\n')[0] ?? ''
const count = (name: string) => readFile(inFolder(`results/scans/${name}/count.txt`), 'utf8')
const objectsIn = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
let id: string

it('0: says what it would send, and sends nothing', async () => {
  const { code, stdout, stderr } = await longhaul(...words(), '--dry-run')
  expect([code, stdout.trim().split('\n')]).toEqual([0, Object.keys(scans)])
  expect(stderr).toContain('4 files, 29 B; 4 files, 29 B to upload')
})

it('130: Ctrl-C detaches, and the work goes on', async () => {
  const first = start([...words(), ...fetching], around())
  await first.said('to continue after any interruption')
  first.child.kill('SIGINT')
  const { code, stdout, stderr } = await first.ended
  id = firstLine(stdout)
  expect([code, id]).toEqual([130, expect.stringMatching(/^b_[0-9a-z]{26}$/)])
  expect(stderr).toContain(`longhaul watch ${id} · longhaul cancel ${id}`)
})

it('124: the same command again follows the same batch, and a deadline ends only the waiting', async () => {
  const { code, stdout, stderr } = await longhaul(...words(), '--deadline', '6s')
  expect([code, firstLine(stdout)]).toEqual([124, id])
  expect(stderr).toContain('work goes on')
  expect(stderr).toContain('4 were there already')
})

it('69: the server is killed, and nobody answers', async () => {
  await service.stop('SIGKILL')
  const { code, stderr } = await longhaul(...words(), ...fetching)
  expect([code, stderr]).toEqual([69, expect.stringContaining('Cannot reach')])
})

it('3: started again, the same command ends the batch; some failed, the rest is fetched', async () => {
  await rm(inFolder('hold'))
  const { port } = new URL(service.url)
  service = await serve([...serving(), '--port', port], { cwd: folder })
  const { code, stdout, stderr } = await longhaul(...words(), ...fetching)
  expect([code, firstLine(stdout)], stderr).toEqual([3, id])
  expect(stderr).toContain(`longhaul retry ${id.slice(0, 12)}`)
  expect(await count('a/2.txt')).toBe('2')
  expect(existsSync(inFolder('results/scans/b/2.txt/count.txt'))).toBe(false)
})

it('lists what failed by class, and runs again only what is asked for', async () => {
  const failed = await longhaul('failed', id.slice(0, 12))
  expect([failed.code, failed.stdout.trim().split('\n').sort()]).toEqual([
    0,
    [
      expect.stringMatching(/^invalid-input\tscans\/b\/1\.txt\t.*expected good words/),
      'permanent\tscans/b/2.txt\tnot now',
    ],
  ])
  await rm(inFolder('broken'))
  const retry = ['retry', id, '--failed', '--only']
  expect((await longhaul(...retry, 'permanet')).stderr).toContain('did you mean permanent?')
  const much = await longhaul(...retry, 'permanent', '--memory', 'much')
  expect([much.code, much.stderr]).toEqual([2, expect.stringContaining('like "4 GB"')])
  const retried = await longhaul(...retry, 'permanent', '--memory', '1GB')
  expect([retried.code, firstLine(retried.stdout)]).toEqual([0, id])
  expect(retried.stderr).toContain('1 item queued again')
  expect((await longhaul('watch', id)).code).toBe(3)
  const { stdout } = await longhaul('jobs', '--tag', 'run=7', '--json')
  const jobs = objectsIn(stdout).map((job) => [job['batch_item'], job['memory_bytes']])
  expect(jobs.sort()).toEqual([1, 2, 3, 4].map((item) => [item, item === 4 ? 1e9 : null]))
})

it('0: with the bad file mended all complete; what is there already is not fetched again', async () => {
  const before = await stat(inFolder('results/scans/a/2.txt/count.txt'))
  await writeFile(inFolder('scans/b/1.txt'), 'three good words')
  const { code, stdout, stderr } = await longhaul(...words(), ...fetching)
  expect([code, firstLine(stdout) === id], stderr).toEqual([0, false])
  expect([await count('b/1.txt'), await count('b/2.txt')]).toEqual(['3', '3'])
  const after = await stat(inFolder('results/scans/a/2.txt/count.txt'))
  expect(after.mtimeMs).toBe(before.mtimeMs)

  const mended = firstLine(stdout)
  const again = await longhaul(...words(), ...fetching, '--json')
  const objects = objectsIn(again.stdout)
  const of = (name: string) => objects.filter(({ object }) => object === name)
  expect([again.code, of('upload'), of('batch')[0]?.['batch_id']]).toEqual([0, [], mended])
  expect(of('file').map(({ fetched }) => fetched)).toEqual([false, false, false, false])
  const others = [
    [...words(), 'prefix=m'],
    [...words(), '--new'],
  ]
  for (const other of others) expect(firstLine((await longhaul(...other)).stdout)).not.toBe(mended)
})

it('fetches a batch of before into another folder', async () => {
  const { code, stdout } = await longhaul('download', id, '--out', 'elsewhere')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n').sort()).toEqual(
    ['a/1', 'a/2', 'b/2'].map((name) => `elsewhere/scans/${name}.txt/count.txt`),
  )
})

it('1: all failed; the same command again is another try', async () => {
  await writeFile(inFolder('bad.txt'), 'bad')
  const failing = ['submit', 'words', 'text=@bad.txt', '--wait']
  const [first, again] = [await longhaul(...failing), await longhaul(...failing)]
  expect([first.code, again.code, first.stdout === again.stdout]).toEqual([1, 1, false])
  expect(first.stderr).toContain('expected good words')
  expect((await longhaul('submit', 'words', '--each', 'text=bad.txt', '--wait')).code).toBe(1)
})

/** The command of a rule, as the engine would give it to bash. */
async function commandIn(name: string, pattern: RegExp): Promise<string> {
  const file = path.join(import.meta.dirname, '../examples/pipelines', name)
  return pattern.exec(await readFile(file, 'utf8'))?.[1] ?? `echo ${name} has no command; exit 1`
}

it.each([
  ['Snakefile', /shell:\n +"(.*)"/, ['{output}', 'snake'], 'snake/scans/a/2.txt/count.txt'],
  ['main.nf', /"""\n +(.*)\n +"""/, ['${scan}', 'scans/a/2.txt'], 'counted/count.txt'],
] as const)('0: the rule in %s does what it says', async (name, pattern, [blank, filled], made) => {
  const command = (await commandIn(name, pattern)).replace(blank, filled)
  const { code, stderr } = await startShell(command, around()).ended
  expect([code, await readFile(inFolder(made), 'utf8').catch(() => 'nothing')], stderr).toEqual([
    0,
    '2',
  ])
})

it('4: it was cancelled', async () => {
  await writeFile(inFolder('hold'), '')
  const { stdout } = await longhaul(...words(), '--new')
  const cancelled = await longhaul('cancel', firstLine(stdout))
  expect([cancelled.code, firstLine(cancelled.stdout)]).toEqual([0, firstLine(stdout)])
  expect((await longhaul('watch', firstLine(stdout))).code).toBe(4)
})

it('5: the service said no', async () => {
  const { code, stderr } = await longhaul('watch', 'b_00000000000000000000000000')
  expect([code, stderr]).toEqual([5, expect.stringContaining('batch-not-found')])
})

it.each([
  [['--each', 'txet=*'], 'did you mean text?'],
  [['--each', 'text=*.nothing'], 'no file matches'],
  [['--each', 'text=*', '--after', 'j_1'], '--after is for a single job'],
  [['text=@bad.txt', '--dry-run'], '--dry-run goes with --each'],
  [['--each', 'text=*', 'text=@bad.txt'], 'There is no input text'],
])('2: %j makes no sense, and nothing is sent', async (wrong, said) => {
  const { code, stderr } = await longhaul('submit', 'words', ...wrong)
  expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
})
