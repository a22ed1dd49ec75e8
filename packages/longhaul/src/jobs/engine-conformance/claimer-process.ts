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
const self = workerNamed(name)
const wants = [
  { queue: 'a', slots: 3 },
  { queue: 'b', slots: 4 },
]
// Half of them as a worker does whose slots never stand empty.
const isSteady = /[13579]$/.test(name)
let claims = await engine.claim(self, wants)
for (let empty = 0; empty < 5;) {
  if (claims.length === 0) {
    empty += 1
    await new Promise((done) => setTimeout(done, 20))
    claims = await engine.claim(self, wants)
    continue
  }
  empty = 0
  for (const { lease } of claims) say({ claimed: `${lease.jobId}.${lease.attempt}` })
  const ends = claims.map(({ lease }) => ({ lease, outcome: completed }))
  const { verdicts, claims: next } = isSteady
    ? await engine.settleAndClaim(ends, self, wants)
    : { verdicts: await engine.settle(ends), claims: await engine.claim(self, wants) }
  claims.forEach(({ lease }, index) => {
    if (verdicts[index] === 'settled') say({ settled: lease.jobId })
  })
  claims = next
}
await opened.close()
