import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'demo-upload-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** As a person types it, with a smaller file. */
const demo = (...more: string[]): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve) => {
    const less = ['--megabytes', '40', '--part-size', '1MiB', '--out', folder]
    const env = { ...process.env, TMPDIR: folder }
    execFile(
      'npm',
      ['run', '-s', 'demo:upload', '--', ...less, ...more],
      { cwd: root, env },
      (error, stdout) => resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    )
  })

it('arrives whole over a line that breaks, whoever is killed, and says what was sent twice; a spoilt copy exits 1', async () => {
  const { code, stdout } = await demo('--spoil')
  const untrue = stdout.split('\n').filter((line) => line.includes('✗ ') && !line.includes('✗✗'))
  // Every check but the one that the spoilt copy is made for.
  expect(untrue).toEqual([
    '  ✗ another program finds the same bytes',
    expect.stringMatching(
      /^✗ 1 of 7 checks did not hold; bytes sent twice \d+\.\d %\. A plain curl/,
    ),
  ])
  expect(stdout).toContain('✓ a part whose bit had changed on its way was refused by its digest')
  expect(code).toBe(1)
  expect(existsSync(path.join(folder, 'index.html'))).toBe(true)
  expect((await readdir(folder)).filter((name) => name.startsWith('longhaul'))).toEqual([])
})
