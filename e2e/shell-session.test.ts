import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixture, run, serve, start, type Ended, type Service } from './cli-harness.ts'

/**
 * A pipeline engineer's session at a shell, in order: each step begins where the one before left off. One rule above all: the same
 * command again goes on. Each exit code is shown once, by what a script would branch on.
 */
let folder: string
let service: Service
const serving = () => [fixture('session.ts'), '--data', 'data', '--env', 'SESSION_FOLDER']
const surroundings = () => ({ cwd: folder, env: { SESSION_FOLDER: folder } })
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-session-'))
  await writeFile(path.join(folder, 'scan.txt'), 'one two three four five')
  service = await serve(serving(), surroundings())
})
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})
const around = () => ({ cwd: folder, env: { LONGHAUL_URL: service.url } })
const longhaul = (...args: string[]): Promise<Ended> => run(args, around())
const words = ['submit', 'session', 'text=@scan.txt', `gate=gate`]
const outFolder = () => path.join(folder, 'results')
const jobCount = async (): Promise<number> => {
  const { stdout } = await longhaul('jobs', '--all', '--json')
  return stdout.trim().split('\n').filter(Boolean).length
}
let id: string

it('130: Ctrl-C detaches, and the work goes on', async () => {
  const first = start([...words, '--wait', '--out', 'results', '--json'], around())
  await first.said('"object":"progress"')
  first.child.kill('SIGINT')
  const { code, stdout, stderr } = await first.ended
  expect(code).toBe(130)
  id = /"object":"job","job_id":"(j_\w+)"/.exec(stdout)?.[1] ?? ''
  expect(stderr).toContain(`Detached, work goes on.  longhaul watch ${id}`)
})

it('124: the same command again follows the same job, and a deadline ends only the waiting', async () => {
  const { code, stdout, stderr } = await longhaul(...words, '--deadline', '6s')
  expect([code, stdout]).toEqual([124, `${id}\n`])
  expect(stderr).toContain('The same is under way already.')
  expect(stderr).toContain('work goes on.')
  expect(await jobCount()).toBe(1)
})

it('69: the server is killed, and nobody answers', async () => {
  await service.stop('SIGKILL')
  const { code, stderr } = await longhaul(...words, '--wait')
  expect(code).toBe(69)
  expect(stderr).toContain('Cannot reach')
})

it('0: started again, the same command ends with the outputs, verified', async () => {
  const { port } = new URL(service.url)
  service = await serve([...serving(), '--port', port], surroundings())
  const ended = start([...words, '--wait', '--out', 'results'], around())
  await ended.said('The same is under way already.')
  await writeFile(path.join(folder, 'gate'), '')
  const { code, stdout } = await ended.ended
  expect(code).toBe(0)
  expect(stdout.split('\n').slice(0, 2)).toEqual([id, path.join('results', 'count.txt')])
  expect(await readFile(path.join(outFolder(), 'count.txt'), 'utf8')).toBe('5')
  expect(await jobCount()).toBe(1)
})

it('0: once more, the stored result comes at once and is there already', async () => {
  const before = await stat(path.join(outFolder(), 'count.txt'))
  const { code, stdout, stderr } = await longhaul(...words, '--wait', '--out', 'results')
  expect([code, stdout.split('\n')[0]]).toEqual([0, id])
  expect(stderr).toContain('The result that was made of the same')
  expect(stderr).toContain('already there')
  expect((await stat(path.join(outFolder(), 'count.txt'))).mtimeMs).toBe(before.mtimeMs)
  expect(await readdir(outFolder())).toEqual(['count.txt'])
})

it('0: --new makes it again', async () => {
  const { code, stdout, stderr } = await longhaul(...words, '--wait', '--new')
  expect([code, stdout === `${id}\n`]).toEqual([0, false])
  expect(stderr).not.toContain('The result that was made')
  expect(await jobCount()).toBe(2)
})

it('2: a word that makes no sense sends nothing', async () => {
  const { code, stderr } = await longhaul('submit', 'session', 'txt=@scan.txt')
  expect(code).toBe(2)
  expect(stderr).toContain('did you mean text?')
  expect(await jobCount()).toBe(2)
})

it('1: the job failed; the same command again is another try', async () => {
  const failing = ['submit', 'session', 'text=@scan.txt', 'fail=true', '--wait']
  const first = await longhaul(...failing)
  const again = await longhaul(...failing)
  expect([first.code, again.code]).toEqual([1, 1])
  expect(first.stderr).toContain('failed: asked to fail')
  expect(again.stdout).not.toBe(first.stdout)
})

it('3: of several jobs some failed', async () => {
  const failed = (await longhaul('submit', 'session', 'text=@scan.txt', 'fail=true')).stdout.trim()
  expect((await longhaul('watch', id, failed)).code).toBe(3)
})

it('4: it was cancelled', async () => {
  const { stdout } = await longhaul('submit', 'session', 'text=@scan.txt', 'gate=never')
  const cancelled = stdout.trim()
  expect((await longhaul('cancel', cancelled)).code).toBe(0)
  expect((await longhaul('watch', cancelled)).code).toBe(4)
})

it('5: the service said no', async () => {
  const { code, stderr } = await longhaul('watch', 'j_00000000000000000000000000')
  expect(code).toBe(5)
  expect(stderr).toContain('job-not-found')
})
