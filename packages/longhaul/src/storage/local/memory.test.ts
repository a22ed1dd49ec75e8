import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const MiB = 1024 ** 2

it('holds no body in memory: 192 MiB in, joined and out grow the process by less than 100', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'longhaul-memory-'))
  try {
    const program = path.join(import.meta.dirname, 'memory.fixture.ts')
    const args = ['--conditions=longhaul-source', program, folder, String(192 * MiB)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    const { grownBytes, read } = JSON.parse(stdout) as { grownBytes: number; read: number }
    expect(read).toBe(2 * 192 * MiB)
    expect(grownBytes / MiB).toBeLessThan(100)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 120_000)
