import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'demos-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** As a person types it, so the script in package.json is tested too. Temporary files go where we can count them. */
function npmRun(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: folder }
    execFile('npm', ['run', '-s', ...words], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** Data directories of demos; npm and Node keep a cache beside them. */
const leftOver = async () => (await readdir(folder)).filter((name) => name.startsWith('longhaul'))

describe('npm run demo', () => {
  const small = (out: string, ...more: string[]) =>
    npmRun('demo', '--', '--triggers', '60', '--out', out, ...more)

  it('ends with everything right, results to look at, and nothing left over', async () => {
    const out = path.join(folder, 'out')
    const { code, stdout, stderr } = await small(out)
    expect(stderr).not.toContain('✗')
    expect(stdout).toMatch(
      /3 bins: \d{2,} images, \d+ pixels compared, 1 unreadable; .* 0 differences/,
    )
    expect(stdout).toContain('verdict  everything is right')
    expect(code).toBe(0)
    expect(await readdir(out)).toEqual(['bins', 'contact-sheet.png', 'index.html', 'results'])
    expect(await leftOver()).toEqual([])
  })

  it('exits 1 when one bit of the results is flipped', async () => {
    const { code, stdout, stderr } = await small(path.join(folder, 'out'), '--corrupt')
    expect(stderr).toMatch(/✗ .*images_00000\.tar: sha256/)
    expect(stdout).toContain('verdict  WRONG')
    expect(code).toBe(1)
  })
})

const python = spawnSync('python3', ['--version']).status === 0 && existsSync('/proc/self/stat')
if (!python) console.warn('npm run demo:python skipped: it needs python3 and /proc')
describe.skipIf(!python)('npm run demo:python', () => {
  it('prints a transcript of which every sentence is true', async () => {
    const { code, stdout } = await npmRun('demo:python', '--', '--out', path.join(folder, 'out'))
    expect(stdout).not.toContain('NOT TRUE')
    expect(stdout.match(/✓/g)).toHaveLength(14)
    expect(stdout).toMatch(/verdict: all of it is true/)
    expect(code).toBe(0)
    expect(await leftOver()).toEqual([])
  })
})
