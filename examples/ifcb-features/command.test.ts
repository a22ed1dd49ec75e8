import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeOddBin } from './ifcb-features.fixture.ts'

const bin = makeOddBin(2)
const broken = 'D20260720T000000_IFCB901'
let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ifcb-command-'))
  mkdirSync(path.join(folder, 'bins'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const typed = (...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const command = path.join(import.meta.dirname, 'command.ts')
    execFile(process.execPath, [command, ...args], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

it('makes every bin it can, says what failed, and goes on where it was when it is called again', async () => {
  for (const { name, content } of bin.files) writeFileSync(path.join(folder, 'bins', name), content)
  for (const end of ['hdr', 'roi']) writeFileSync(path.join(folder, 'bins', `${broken}.${end}`), '')
  writeFileSync(path.join(folder, 'bins', `${broken}.adc`), '\n'.repeat(100_000))

  const first = await typed('bins', '--out', 'out', '--threads', '1')
  const table = path.join('out/features/D20260719', `${bin.id}_features_v4.csv`)
  expect([first.code, first.stdout]).toEqual([3, `${table}\n`])
  expect(first.stderr).toContain(`${bin.id}_${String(bin.truncated).padStart(5, '0')}: truncated:`)
  expect(first.stderr).toContain(`${bin.id}: ${bin.images} images, 2 failed`)
  expect(first.stderr).toMatch(new RegExp(`${broken}: .*99999 lines`))
  expect(readdirSync(path.join(folder, 'out')).sort()).toEqual(['blobs', 'features', 'reports'])

  const written = statSync(path.join(folder, table)).mtimeMs
  const again = await typed('bins', '--out', 'out')
  expect(again.stderr).toContain('1 of 2 bins have their features')
  expect([again.code, again.stdout]).toEqual([3, ''])
  expect(statSync(path.join(folder, table)).mtimeMs).toBe(written)
})

it('tells a mistake in the words from a folder without bins', async () => {
  const usage = await typed('bins')
  expect([usage.code, usage.stderr]).toEqual([2, expect.stringMatching(/--out <folder>/)])
  const none = await typed('bins', '--out', 'out')
  expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/No whole bin/)])
})
