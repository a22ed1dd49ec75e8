import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'demo-3am-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** One trouble of the night; all five are played by CI itself. */
const badRelease = (...more: string[]): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve) => {
    const demo = path.join(root, 'examples/three-am/demo.ts')
    const args = ['--conditions=longhaul-source', demo, '--only', 'bad-release', '--out', folder]
    const env = { ...process.env, TMPDIR: folder }
    execFile(process.execPath, [...args, ...more], { cwd: root, env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    )
  })

it('exits 1 when nobody types the line that helps: says which check did not hold, leaves a page and nothing else', async () => {
  const { code, stdout } = await badRelease('--no-cures')
  expect(stdout).toContain('✗ all of them completed under their old ids')
  expect(stdout).toContain('✗ 1 checks did not hold')
  expect(code).toBe(1)
  expect(existsSync(path.join(folder, 'index.html'))).toBe(true)
  expect((await readdir(folder)).filter((name) => name.startsWith('longhaul-3am'))).toEqual([])
})
