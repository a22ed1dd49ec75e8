/** A worker of the conformance suite in its own process: claims until nothing is left, and says on stdout what it got. */
import { writeSync } from 'node:fs'
import { completed, workerNamed, type OpenForTest } from './fixtures.ts'

const [module = '', argument = '', name = ''] = process.argv.slice(2)
const { openForTest } = (await import(module)) as { openForTest: OpenForTest }
const opened = await openForTest(argument)
const { engine } = opened
const say = (line: object): void => {
  writeSync(1, `${JSON.stringify(line)}\n`)
}
for (let empty = 0; empty < 5;) {
  const claims = await engine.claim(workerNamed(name), [
    { queue: 'a', slots: 3 },
    { queue: 'b', slots: 4 },
  ])
  if (claims.length === 0) {
    empty += 1
    await new Promise((done) => setTimeout(done, 20))
    continue
  }
  empty = 0
  for (const { lease } of claims) say({ claimed: `${lease.jobId}.${lease.attempt}` })
  const answers = await engine.settle(claims.map(({ lease }) => ({ lease, outcome: completed })))
  claims.forEach(({ lease }, index) => {
    if (answers[index] === 'settled') say({ settled: lease.jobId })
  })
}
await opened.close()
