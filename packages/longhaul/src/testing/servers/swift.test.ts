import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { startTestSwift } from './swift.ts'

/** Never one that is there already. */
const own = { minPartBytes: 5 * 2 ** 20 }
const answers = (endpoint: string) =>
  fetch(`${endpoint}/healthcheck`).then((response) => response.ok)

it('answers until it is stopped, and leaves nothing behind', async ({ skip }) => {
  const swift = await startTestSwift(own)
  if (!swift) return skip('Swift is not installed')
  const { endpoint } = swift.s3
  expect(await answers(endpoint)).toBe(true)
  expect(await swift.newBucket()).not.toBe(await swift.newBucket())
  await swift.stop()
  await expect(answers(endpoint)).rejects.toThrow()
}, 120_000)

it('ends with the process that started it, even when that is killed', async ({ skip }) => {
  const program = `
    const { startTestSwift } = await import(${JSON.stringify(path.join(import.meta.dirname, 'swift.ts'))})
    const swift = await startTestSwift(${JSON.stringify(own)})
    console.log(swift?.s3.endpoint ?? 'none')
    process.kill(process.pid, 'SIGKILL')`
  const args = ['--conditions=longhaul-source', '--input-type=module', '-e', program]
  const killed = await promisify(execFile)(process.execPath, args).catch((error: unknown) => error)
  const endpoint = String((killed as { stdout: string }).stdout).trim()
  if (endpoint === 'none') return skip('Swift is not installed')
  await expect.poll(() => answers(endpoint).catch(() => 'gone'), { timeout: 20_000 }).toBe('gone')
}, 120_000)
