import { createHash } from 'node:crypto'
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { JsonObject } from '../../support/json.ts'
import { expectThat } from './expect-that.ts'
import type { Message, ProtocolDriver } from './protocol-driver.ts'
import type { Rule } from './rule.ts'

/** What one attempt does, from `run` to its last word. */
export const attemptRules: readonly Rule[] = [
  {
    id: 'result',
    title: 'A `run` is answered by one `result` with its value.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { end } = await driver.run({ do: 'echo', text: 'hello' })
      expectThat(valueOf(end)['text'] === 'hello', 'the text comes back', end)
    },
  },
  {
    id: 'again',
    title: 'The same process serves one attempt after the other.',
    async check(open) {
      const driver = open()
      await driver.ready()
      for (const text of ['one', 'two', 'three']) {
        const { end } = await driver.run({ do: 'echo', text })
        expectThat(valueOf(end)['text'] === text, `the text ${text} comes back`, end)
      }
    },
  },
  {
    id: 'utf-8',
    title: 'Lines are UTF-8 and end at `\\n` alone.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const text = 'ångström 🌊 "quoted" \\ back\nnext line\u2028separator\ttab'
      const { end } = await driver.run({ do: 'echo', text })
      expectThat(valueOf(end)['text'] === text, 'every character comes back', end)
    },
  },
  {
    id: 'long-line',
    title: 'A line may be long: 256 KiB of input arrive whole.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const text = 'x'.repeat(256 * 1024)
      const { end } = await driver.run({ do: 'echo', text })
      expectThat(valueOf(end)['text'] === text, 'the text comes back whole', text.length)
    },
  },
  {
    id: 'workspace',
    title: 'During an attempt the current directory is its workspace.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { end, workspace } = await driver.run({ do: 'cwd' })
      const cwd = valueOf(end)['cwd']
      expectThat(cwd === (await realpath(workspace)), 'the workspace is the directory', cwd)
    },
  },
  {
    id: 'leaves-workspace',
    title: 'When the last word is said, the process has left the workspace: it may be deleted.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { workspace } = await driver.run({ do: 'cwd' })
      const cwd = await readlink(`/proc/${driver.child.pid}/cwd`).catch(() => 'unknown')
      expectThat(cwd !== (await realpath(workspace)), 'it is elsewhere', cwd)
    },
  },
  {
    id: 'input-file',
    title: 'A file field holds the staged file; it is read at `path`.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const file = await stagedFile('staged words')
      const { end } = await driver.run({ do: 'read', file }, { inputs: [file] })
      expectThat(valueOf(end)['text'] === 'staged words', 'the content comes back', end)
    },
  },
  {
    id: 'output',
    title: '`output` gives a finished file away; the result names it as `{"$output": name}`.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { end, said, workspace } = await driver.run({ do: 'write', text: 'made here' })
      const output = said.find(({ type }) => type === 'output')
      expectThat(output?.['name'] === 'made.txt', 'an output is said before the result', said)
      const content = await readFile(path.resolve(workspace, textOf(output['path'])), 'utf8')
      expectThat(content === 'made here', 'the file is complete', content)
      const file = valueOf(end)['file'] as { $output?: unknown } | undefined
      expectThat(file?.$output === 'made.txt', 'the result names it', end)
    },
  },
  {
    id: 'progress',
    title: '`progress` rises in order; the last report comes before the result.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { said } = await driver.run({ do: 'track' })
      const reports = said.filter(({ type }) => type === 'progress')
      const done = reports.map((report) => Number(report['done']))
      expectThat(done.at(-1) === 5 && reports.at(-1)?.['total'] === 5, 'it ends at 5 of 5', reports)
      const rising = done.every((value, index) => index === 0 || value >= (done[index - 1] ?? 0))
      expectThat(rising, 'it never goes back', done)
    },
  },
  {
    id: 'log',
    title: '`log` carries a level and a text.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { said } = await driver.run({ do: 'log', text: 'mind the gap' })
      const line = said.find(({ type }) => type === 'log')
      const right = line?.['level'] === 'warn' && line['text'] === 'mind the gap'
      expectThat(right, 'a warning with the text is said', said)
    },
  },
  {
    id: 'own-stdout',
    title:
      'stdout and stderr are the author’s own: nothing of the protocol is there, or lost there.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const text = '{type: result, value: printed}'
      const { end } = await driver.run({ do: 'print', text })
      expectThat(JSON.stringify(valueOf(end)) === '{}', 'the result is the real one', end)
      const both = await driver.wait(() =>
        driver.stdout.includes(text) && driver.stderr.includes(text) ? true : undefined,
      )
      expectThat(both === true, 'the text is on both', [driver.stdout, driver.stderr])
    },
  },
  {
    id: 'mark',
    title: 'Programs that an attempt starts inherit LONGHAUL_ATTEMPT_ID.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { end, attemptId } = await driver.run({ do: 'spawn' })
      const said = textOf(valueOf(end)['said'])
      expectThat(said.includes(`mark=${attemptId}\n`), `the mark is ${attemptId}`, said)
      const second = await driver.run({ do: 'spawn' })
      const later = textOf(valueOf(second.end)['said'])
      expectThat(later.includes(`mark=${second.attemptId}\n`), 'the next has its own', later)
    },
  },
  {
    id: 'private-descriptors',
    title: 'Programs that an attempt starts do not inherit fd 3 and 4.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { end } = await driver.run({ do: 'spawn' })
      const descriptors = textOf(valueOf(end)['said']).split('\n')[1]?.trim().split(' ') ?? []
      // ls itself has its directory open on the first free number, which is 3.
      expectThat(!descriptors.includes('4'), 'fd 4 is not among them', descriptors)
    },
  },
  {
    id: 'invalid-input',
    title: '`error` with code invalid-input names the field.',
    async check(open) {
      const { end } = await failing(open, 'invalid')
      expectThat(end['code'] === 'invalid-input', 'the code is invalid-input', end)
      expectThat(end['field'] === 'text', 'the field is named', end)
    },
  },
  {
    id: 'permanent',
    title: '`error` with code permanent asks for no retry.',
    async check(open) {
      const { end } = await failing(open, 'permanent')
      expectThat(end['code'] === 'permanent', 'the code is permanent', end)
    },
  },
  {
    id: 'transient',
    title: '`error` with code transient may say how long to wait.',
    async check(open) {
      const { end } = await failing(open, 'transient')
      expectThat(end['code'] === 'transient', 'the code is transient', end)
      expectThat(end['retry_after_ms'] === 1500, 'it says how long to wait', end)
    },
  },
  {
    id: 'after-error',
    title: 'After an `error` that is not fatal the process serves the next attempt.',
    async check(open) {
      const { driver } = await failing(open, 'permanent')
      const { end } = await driver.run({ do: 'echo', text: 'still here' })
      expectThat(valueOf(end)['text'] === 'still here', 'the next attempt goes well', end)
    },
  },
  {
    id: 'cancel',
    title: '`cancel` ends an attempt that waits, with code cancelled.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { from } = await driver.start({ do: 'wait' })
      await driver.next(({ type }) => type === 'progress', from)
      driver.send({ type: 'cancel', reason: 'cancelled' })
      const end = await driver.next(({ type }) => type === 'error' || type === 'result', from)
      expectThat(end['code'] === 'cancelled', 'the code is cancelled', end)
    },
  },
  {
    id: 'sigterm',
    title: 'SIGTERM has its default effect: it ends the process.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { from } = await driver.start({ do: 'wait' })
      await driver.next(({ type }) => type === 'progress', from)
      driver.child.kill('SIGTERM')
      const exit = await driver.exit
      expectThat(exit.signal === 'SIGTERM', 'it ends by the signal', exit)
    },
  },
]

async function failing(open: () => ProtocolDriver, how: string) {
  const driver = open()
  await driver.ready()
  const { end } = await driver.run({ do: how, text: 'x' })
  expectThat(end.type === 'error', 'the attempt ends with an error', end)
  expectThat(typeof end['message'] === 'string' && end['message'] !== '', 'it has a message', end)
  return { driver, end }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const valueOf = (end: Message): JsonObject => (end['value'] ?? {}) as JsonObject

async function stagedFile(content: string): Promise<JsonObject> {
  const file = path.join(tmpdir(), `longhaul-staged-${process.pid}.txt`)
  await writeFile(file, content)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const size = Buffer.byteLength(content)
  return { name: 'staged.txt', path: file, uri: 's3://bucket/staged.txt', size, sha256 }
}
