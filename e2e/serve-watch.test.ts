import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run, start, type Running } from './cli-harness.ts'

let folder: string
let serving: Running
let url: string
const word = (text: string, more = ''): string =>
  `import { existsSync } from 'node:fs'
import { defineProcessor, z } from 'longhaul'
export default defineProcessor({ name: 'word', version: '${text}', input: { gate: z.string().default('') },
  run: async ({ input }) => {
    while (input.gate !== '' && !existsSync(input.gate)) await new Promise((go) => setTimeout(go, 20))
    return '${text}'
  } })${more}`
const write = (text: string): Promise<void> => writeFile(path.join(folder, 'word.ts'), text)
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-watch-'))
  await write(word('one'))
  serving = start(['serve', 'word.ts', '--port', '0', '--watch', '--json'], {
    cwd: folder,
    env: { LOG_LEVEL: 'warn' },
  })
  let said = ''
  serving.child.stdout!.on('data', (text: string) => (said += text))
  await serving.said('"object":"served"')
  url = /"url":"(http[^"]+)"/.exec(said)?.[1] ?? ''
})
afterAll(async () => {
  serving.child.kill('SIGTERM')
  await serving.ended
  await rm(folder, { recursive: true, force: true })
})

it('loads a file again when it changes, and what runs ends with what it began with', async () => {
  const around = { cwd: folder, env: { LONGHAUL_URL: url } }
  const gate = path.join(folder, 'gate')
  const running = (await run(['submit', 'word', `gate=${gate}`], around)).stdout.trim()
  const watching = start(['watch', running, '--json'], around)
  await watching.said('"type":"started"')

  await write(word('two'))
  await serving.said('word two')
  await write(word('three', ' )'))
  await serving.said('what ran before goes on')
  const answer = await fetch(`${url}/processors/word/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"input":{}}',
  })
  expect(await answer.json()).toMatchObject({ result: 'two', version: 'two' })

  await writeFile(gate, '')
  expect((await watching.ended).code).toBe(0)
  const ended = (await (await fetch(`${url}/jobs/${running}`)).json()) as object
  expect(ended).toMatchObject({ result: 'one', attempt: 1, lost: 0 })
})
