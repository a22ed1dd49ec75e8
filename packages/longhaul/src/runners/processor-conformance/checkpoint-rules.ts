import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expectThat } from './expect-that.ts'
import type { Message, ProtocolDriver } from './protocol-driver.ts'
import type { Rule } from './rule.ts'

/** How an attempt keeps what it has, and how another goes on from there. */
export const checkpointRules: readonly Rule[] = [
  {
    id: 'checkpoint',
    title: '`checkpoint` carries the state and names files that are complete.',
    async check(open) {
      const { driver, from, workspace, checkpoint } = await offered(open, 'kept words')
      const state = checkpoint['state'] as { text?: unknown } | undefined
      expectThat(state?.text === 'kept words', 'the state is there', checkpoint)
      const [file] = (checkpoint['files'] ?? []) as readonly string[]
      expectThat(file !== undefined, 'a file is named', checkpoint)
      const content = await readFile(path.resolve(workspace, file), 'utf8')
      expectThat(content === 'kept words', 'the file is complete', content)
      driver.send({ type: 'checkpointed', saved: true })
      const end = await driver.next(isEnd, from)
      expectThat(end.type === 'result', 'the attempt goes on to its end', end)
    },
  },
  {
    id: 'checkpoint-waits',
    title: 'Nothing is said between a `checkpoint` and its `checkpointed`.',
    async check(open) {
      const { driver, from, checkpoint } = await offered(open, 'x')
      await sleep(300)
      const last = driver.messages.at(-1)
      expectThat(last === checkpoint, 'the checkpoint is the last word so far', last)
      driver.send({ type: 'checkpointed', saved: true })
      await driver.next(isEnd, from)
    },
  },
  {
    id: 'not-saved',
    title: 'After a `checkpointed` that says `saved: false` the attempt goes on.',
    async check(open) {
      const { driver, from } = await offered(open, 'x')
      driver.send({ type: 'checkpointed', saved: false })
      const end = await driver.next(isEnd, from)
      expectThat(end.type === 'result', 'the attempt ends well', end)
    },
  },
  {
    id: 'restored',
    title:
      '`restored` of `run` is the state of the last checkpoint, whose files are at their paths.',
    async check(open) {
      const workspace = await mkdtemp(path.join(tmpdir(), 'longhaul-restored-'))
      try {
        const driver = open()
        await driver.ready()
        await writeFile(path.join(workspace, 'state.txt'), 'kept words')
        const restored = { text: 'kept words' }
        const { end } = await driver.run({ do: 'restore' }, { restored, workspace })
        const value = end['value'] as { restored?: { text?: unknown }; text?: unknown } | undefined
        expectThat(value?.restored?.text === 'kept words', 'the state comes back', end)
        expectThat(value.text === 'kept words', 'the file is read', end)
      } finally {
        await rm(workspace, { recursive: true, force: true })
      }
    },
  },
  {
    id: 'drain',
    title:
      'After `drain` a `checkpoint` comes soon; a `checkpointed` with `stop` ends the attempt with `error` code cancelled.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const { from } = await driver.start({ do: 'steps', text: 'x' })
      await driver.next(({ type }) => type === 'progress', from)
      driver.send({ type: 'drain' })
      const first = await driver.next(({ type }) => type === 'checkpoint' || type === 'error', from)
      expectThat(first.type === 'checkpoint', 'a checkpoint comes first', first)
      driver.send({ type: 'checkpointed', saved: true, stop: true })
      const end = await driver.next(isEnd, from)
      expectThat(end['code'] === 'cancelled', 'the attempt ends as cancelled', end)
      const next = await driver.run({ do: 'echo', text: 'next' })
      expectThat(next.end.type === 'result', 'the process serves the next attempt', next.end)
    },
  },
]

const isEnd = ({ type }: Message): boolean => type === 'result' || type === 'error'

/** An attempt that waits for the answer to its checkpoint. */
async function offered(open: () => ProtocolDriver, text: string) {
  const driver = open()
  await driver.ready()
  const { from, workspace } = await driver.start({ do: 'checkpoint', text })
  const checkpoint = await driver.next((one) => one.type === 'checkpoint' || isEnd(one), from)
  expectThat(checkpoint.type === 'checkpoint', 'a checkpoint comes', checkpoint)
  return { driver, from, workspace, checkpoint }
}
