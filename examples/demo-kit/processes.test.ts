import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { commandOf, descendantsOf, isAlive } from './processes.ts'

const onLinux = existsSync('/proc/self/stat')
if (!onLinux) console.warn('processes skipped: there is no /proc here')

it.skipIf(!onLinux)('finds children of children, and notices when they are gone', async () => {
  const shell = spawn('sh', ['-c', 'sleep 600 & echo started; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(shell.stdout, 'data')
  // The shell speaks before its child has become `sleep`.
  const sleep = await vi.waitFor(
    async () => {
      const family = await descendantsOf(process.pid)
      expect(family.map(({ pid }) => pid)).toContain(shell.pid)
      const found = family.find((one) => commandOf(one) === 'sleep 600')
      if (found === undefined) throw new Error('no sleep yet')
      return found
    },
    { timeout: 10_000 },
  )
  expect(isAlive(sleep)).toBe(true)

  process.kill(-shell.pid!, 'SIGKILL')
  await once(shell, 'exit')
  await expect.poll(() => isAlive(sleep)).toBe(false)
  expect(commandOf(sleep)).toBe('')
  // The same number with another start is another process.
  expect(isAlive({ pid: process.pid, startedAt: '1' })).toBe(false)
})
