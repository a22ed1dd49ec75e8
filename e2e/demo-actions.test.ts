import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'demo-actions-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const demo = (...more: string[]): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: folder }
    execFile(
      'npm',
      ['run', '-s', 'demo:actions', '--', ...more],
      { cwd: root, env },
      (error, stdout) => resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    )
  })

it('runs the lines of the README as they stand, finds every pixel right, and exits 1 when one bit differs', async () => {
  const { code, stdout } = await demo('--corrupt')
  const [right = '', corrupted = ''] = stdout.split('One result is changed')
  expect(right).not.toContain('✗')
  expect(right.match(/✓/g)).toHaveLength(7)
  expect(corrupted.match(/✓/g)).toHaveLength(6 + 4) // the same but for one, then those of asset operations
  expect(corrupted).toContain('until now there were 0 differences')
  expect(corrupted).toMatch(/✗ grey\.bmp has all \d+ grey values/)
  expect(corrupted).toContain('verdict  WRONG: 1 differences')
  expect(code).toBe(1)
  expect((await readdir(folder)).filter((name) => name.startsWith('longhaul'))).toEqual([])
})
