import { expectThat } from './expect-that.ts'
import type { Rule } from './rule.ts'

/** From the start of the process to its end. */
export const lifeRules: readonly Rule[] = [
  {
    id: 'describe-first',
    title: 'The first line is `describe`: protocol 1, and every processor with its schemas.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const [first] = driver.messages
      expectThat(first?.type === 'describe', 'the first line is describe', first)
      expectThat(first['protocol'] === 1, 'it says protocol 1', first['protocol'])
      const processors = first['processors'] as { name?: unknown; input?: unknown }[]
      const [processor] = Array.isArray(processors) ? processors : []
      expectThat(processor?.name === 'conformance', 'it names the processor', processors)
      expectThat(typeof processor.input === 'object', 'the input is a JSON Schema', processor.input)
    },
  },
  {
    id: 'only-processor',
    title: 'With LONGHAUL_PROCESSOR empty and one processor in the file, it goes on to `ready`.',
    async check(open) {
      const message = await open().ready()
      expectThat(message.type === 'ready', 'it becomes ready', message)
    },
  },
  {
    id: 'chosen-processor',
    title: 'With LONGHAUL_PROCESSOR=<name> it describes all and becomes `ready` for that one.',
    async check(open) {
      const driver = open('conformance')
      const message = await driver.ready()
      expectThat(message.type === 'ready', 'it becomes ready', message)
      expectThat(driver.messages[0]?.type === 'describe', 'describe comes first', driver.messages)
    },
  },
  {
    id: 'one-ready',
    title: 'Nothing but `describe` and `ready` is said before the first `run`.',
    async check(open) {
      const driver = open()
      await driver.ready()
      const types = driver.messages.map(({ type }) => type)
      expectThat(types.join() === 'describe,ready', 'describe and ready are said', types)
    },
  },
  {
    id: 'stop',
    title: '`stop` between attempts ends the process with exit code 0.',
    async check(open) {
      const driver = open()
      await driver.ready()
      driver.send({ type: 'stop' })
      const exit = await driver.exit
      expectThat(exit.code === 0, 'the exit code is 0', exit)
    },
  },
  {
    id: 'end-of-input',
    title: 'End of file on fd 3 ends the process with exit code 0.',
    async check(open) {
      const driver = open()
      await driver.ready()
      driver.endOfInput()
      const exit = await driver.exit
      expectThat(exit.code === 0, 'the exit code is 0', exit)
    },
  },
  {
    id: 'unknown-types',
    title: 'Messages of unknown types are ignored, and so are unknown fields.',
    async check(open) {
      const driver = open()
      await driver.ready()
      driver.send({ type: 'from-a-later-version', list: [1, { a: null }] })
      const { end } = await driver.run({ do: 'echo', text: 'a' }, { later: { x: [true] } })
      expectThat(end.type === 'result', 'the run goes well', end)
    },
  },
  {
    id: 'late-cancel',
    title: 'A `cancel` between attempts is ignored.',
    async check(open) {
      const driver = open()
      await driver.ready()
      driver.send({ type: 'cancel', reason: 'cancelled' })
      const { end } = await driver.run({ do: 'echo', text: 'a' })
      expectThat(end.type === 'result', 'the next run goes well', end)
    },
  },
  {
    id: 'late-drain',
    title: 'A `drain` between attempts is ignored.',
    async check(open) {
      const driver = open()
      await driver.ready()
      driver.send({ type: 'drain' })
      const { from } = await driver.start({ do: 'wait' })
      await driver.next(({ type }) => type === 'progress', from)
      driver.send({ type: 'cancel', reason: 'cancelled' })
      const end = await driver.next(({ type }) => type === 'error' || type === 'result', from)
      expectThat(end['code'] === 'cancelled', 'the next run goes on until it is cancelled', end)
    },
  },
]
