import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { commandOf, descendantsOf, isAlive } from './processes.ts'

const onLinux = existsSync('/proc/self/stat')
if (!onLinux) console.warn('processes skipped: there is no /proc here')

it.skipIf(!onLinux)('finds children of children, and notices when they are gone', async () => {
  const shell = spawn('sh', ['-c', 'sleep 600 & echo started; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(shell.stdout, 'data')
  const family = await descendantsOf(process.pid)
  const sleep = family.find((one) => commandOf(one) === 'sleep 600')
  expect(family.map(({ pid }) => pid)).toContain(shell.pid)
  expect(sleep && isAlive(sleep)).toBe(true)

  process.kill(-shell.pid!, 'SIGKILL')
  await once(shell, 'exit')
  await expect.poll(() => isAlive(sleep!)).toBe(false)
  expect(commandOf(sleep!)).toBe('')
  // The same number with another start is another process.
  expect(isAlive({ pid: process.pid, startedAt: '1' })).toBe(false)
})
