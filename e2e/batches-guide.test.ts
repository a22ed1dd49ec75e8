import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serve, type Service } from './cli-harness.ts'

const root = path.join(import.meta.dirname, '..')
const main = path.join(root, 'packages/longhaul/src/cli/main.ts')

let folder: string
let service: Service
let blocks: string[]
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-batches-guide-'))
  const text = await readFile(path.join(root, 'docs/guides/batches.md'), 'utf8')
  const [code = ''] = [...text.matchAll(/^```ts\n([^]*?)^```/gm)].map(([, block]) => block)
  blocks = [...text.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, block = '']) => block)
  await writeFile(path.join(folder, 'words.ts'), code)
  await mkdir(path.join(folder, 'scans/a'), { recursive: true })
  await writeFile(path.join(folder, 'scans/a/1.txt'), 'one two')
  await writeFile(path.join(folder, 'scans/a/2.txt'), ' ')
  service = await serve(['words.ts'], { cwd: folder })
})
afterAll(async () => {
  await service?.stop('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

/** Runs a block as it stands, except for the address and where the command is; answers everything that was shown. */
async function shell(block: string, batch = ''): Promise<string> {
  const { host } = new URL(service.url)
  const script = [
    'set -e -o pipefail',
    `longhaul() { '${process.execPath}' --conditions=longhaul-source '${main}' "$@"; }`,
    block.replaceAll('localhost:8000', host),
  ].join('\n')
  const env = {
    ...{ PATH: process.env['PATH'], HOME: folder, LONGHAUL_URL: service.url },
    batch,
  }
  return new Promise((resolve, reject) =>
    execFile('bash', ['-c', script], { cwd: folder, env }, (error, stdout, stderr) =>
      error === null ? resolve(stdout + stderr) : reject(new Error(`${error.message}\n${stdout}`)),
    ),
  )
}

it('shows commands that do what it says', async () => {
  expect(blocks).toHaveLength(3)
  const [submit = '', manage = '', http = ''] = blocks
  const said = await shell(submit)
  expect(said).toContain('exit code 3')
  expect(await readFile(path.join(folder, 'results/scans/a/1.txt/count.txt'), 'utf8')).toBe('n=2\n')
  const batch = /^b_[0-9a-z]{26}$/m.exec(said)?.[0] ?? ''

  const managed = await shell(manage, batch)
  expect(managed).toMatch(/^invalid-input\tscans\/a\/2\.txt\t.*expected words$/m)
  expect(managed).toContain('1 item queued again')
  expect(managed).toContain('elsewhere/scans/a/1.txt/count.txt')

  const answered = await shell(http, batch)
  for (const text of ['"prefix":"n="', '"item":2', '"some_failed"', 'scans/a/1.txt/count.txt'])
    expect(answered).toContain(text)
  expect(answered).not.toContain('/problems/not-found')
})
