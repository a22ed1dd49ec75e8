import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fixture, run, serve, type Ended, type Service } from './cli-harness.ts'

let folder: string
let service: Service
let key: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-login-'))
  const made = await run(['keys', 'create', '--owner', 'ana', '--data', 'data'], { cwd: folder })
  key = made.stdout.trim()
  service = await serve([fixture('steps.ts'), '--data', 'data'], { cwd: folder })
})
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})
const longhaul = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  run(args, { cwd: folder, env })
const profile = () => path.join(folder, '.config/longhaul/profile.json')

it('writes nothing when the service does not let the key in', async () => {
  const without = await longhaul(['login', service.url])
  expect(without.code).toBe(5)
  expect(without.stderr).toContain('longhaul keys create')
  expect((await longhaul(['login', service.url, '--token', 'lh_wrong'])).code).toBe(5)
  expect((await longhaul(['login', 'http://127.0.0.1:1'])).code).toBe(69)
  expect((await longhaul(['login'])).code).toBe(2)
  await expect(stat(profile())).rejects.toThrow('ENOENT')
})

it('remembers service and key in a file of mode 0600, for every command', async () => {
  const { code, stderr } = await longhaul(['login', service.url], { LONGHAUL_TOKEN: key })
  expect(code).toBe(0)
  expect(stderr).not.toContain(key)
  expect((await stat(profile())).mode & 0o777).toBe(0o600)
  const submitted = await longhaul(['submit', 'steps', '--wait'])
  expect(submitted.code).toBe(0)
  expect((await longhaul(['jobs', '--json'])).stdout).toContain('"owner":"ana"')
})

it('gives the key to no other address', async () => {
  const heard: (string | undefined)[] = []
  const other = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  await longhaul(['jobs', '--url', url])
  await longhaul(['jobs'], { LONGHAUL_URL: url })
  await new Promise((resolve) => other.close(resolve))
  expect(heard.length).toBeGreaterThanOrEqual(2)
  expect(new Set(heard)).toEqual(new Set([undefined]))
})

it('says when the file is damaged, and forgets when asked', async () => {
  const kept = await readFile(profile(), 'utf8')
  await writeFile(profile(), '{')
  expect(await longhaul(['jobs'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('longhaul login URL writes it anew'),
  })
  await writeFile(profile(), kept)
  expect((await longhaul(['login', '--forget'])).code).toBe(0)
  await expect(stat(profile())).rejects.toThrow('ENOENT')
})
