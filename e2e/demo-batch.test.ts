import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'demo-batch-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** As a person types it, with fewer images. */
const demo = (images: number, ...more: string[]): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve) => {
    const few = ['--images', String(images), '--out', folder]
    const args = ['run', '-s', 'demo:batch', '--', ...few, ...more]
    const env = { ...process.env, TMPDIR: folder }
    execFile('npm', args, { cwd: root, env }, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout }),
    )
  })

it('loses and doubles nothing, says which check does not hold when one result has been deleted, and leaves a page and nothing else', async () => {
  const { code, stdout } = await demo(150, '--delete-one')
  const [right = '', deleted = ''] = stdout.split('One result is deleted')
  expect(right).not.toContain('✗')
  expect(right.match(/✓/g)).toHaveLength(6)
  expect(right).toContain('✓ 150 images: lost 0, doubled 0, wrong 0')
  expect(deleted).toContain('✗ 150 images: lost 1, doubled 0, wrong 0')
  expect(deleted).toContain('✗ 1 of 7 checks did not hold')
  expect(code).toBe(1)
  expect(existsSync(path.join(folder, 'index.html'))).toBe(true)
  expect((await readdir(folder)).filter((name) => name.startsWith('longhaul'))).toEqual([])
})
