import { defineProcessor, file, InvalidInputError, PermanentError, z } from 'longhaul'
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { runProcessor } from './index.ts'

const count = defineProcessor({
  name: 'count',
  input: { texts: file('text/*').many(), shortest: z.int().min(1).default(1) },
  output: { words: z.int(), report: file() },
  setup: () => ({ separator: /\s+/ }),
  async run({ input, track, outputs, log, warm }) {
    let words = 0
    for await (const text of track(input.texts, 'texts')) {
      const found = (await text.text()).split(warm.separator)
      if (found[0] === '') throw new InvalidInputError('texts', `${text.name} is empty`)
      words += found.filter((word) => word.length >= input.shortest).length
      log.info('counted', { file: text.name })
    }
    return { words, report: await outputs.write('report.txt', `${words} words`) }
  },
})
const text = (name: string, content: string) => ({ name, content })

describe('runProcessor', () => {
  it('runs as a worker would: files staged, defaults filled, outputs collected', async () => {
    const texts = [text('a.txt', 'one two'), text('b.txt', 'three')]
    const { value, outputs, progress, log } = await runProcessor(count, { texts })
    expect(value).toEqual({ words: 3, report: { $output: 'report.txt' } })
    expect(outputs.get('report.txt')?.text()).toBe('3 words')
    expect(progress.at(-1)).toMatchObject({ stage: 'texts', done: 2, total: 2 })
    expect(log).toMatchObject([{ fields: { file: 'a.txt' } }, { fields: { file: 'b.txt' } }])
  })

  it.each([
    ['a field that is wrong', { texts: [], shortest: 0 }],
    ['a field too many', { texts: [], longest: 3 }],
    ["the author's own refusal", { texts: [text('empty.txt', '')] }],
  ])('rejects with the code of the job: %s', async (_what, input) => {
    await expect(runProcessor(count, input)).rejects.toMatchObject({ code: 'invalid-input' })
  })

  it("shows the author's line when the code throws", async () => {
    const broken = defineProcessor({
      name: 'broken',
      run: () => {
        throw new PermanentError('it will never work')
      },
    })
    const error = await runProcessor(broken).catch((cause: unknown) => cause as Error)
    expect(error).toMatchObject({ code: 'permanent', message: 'it will never work' })
    expect((error as Error).stack).toContain('run-processor.test.ts')
  })

  it('takes what setup would make, and leaves no folder behind', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('longhaul-test-'))
    const { value } = await runProcessor(
      count,
      { texts: [text('a.txt', 'a,b')] },
      { warm: { separator: ',' } },
    )
    expect(value).toMatchObject({ words: 2 })
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('longhaul-test-'))
    expect(after.filter((name) => !before.includes(name))).toEqual([])
  })

  it('ends at a checkpoint like a worker that drains, and goes on from it', async () => {
    const steps = defineProcessor({
      name: 'steps',
      async run({ restored, checkpoint, outputs }) {
        const rows = outputs.records('steps')
        const first = (restored as { step: number } | undefined)?.step ?? 0
        for (let step = first; step < 5; step++) {
          await rows.write({ step })
          await checkpoint(() => ({ step: step + 1 }))
        }
        return { from: first, rows: rows.count }
      },
    })
    const first = await runProcessor(steps, {}, { drain: true })
    expect(first.value).toBeUndefined()
    expect(first.checkpoints).toMatchObject([{ state: { step: 1 } }])
    const { value, outputs } = await runProcessor(steps, {}, { restored: first.checkpoints[0]! })
    expect(value).toEqual({ from: 1, rows: 5 })
    const [records] = [...outputs.values()]
    expect(records?.text().trim().split('\n')).toHaveLength(5)
    expect(await runProcessor(steps)).toMatchObject({ value: { from: 0, rows: 5 } })
  })
})
