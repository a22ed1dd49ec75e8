/**
 * The promise every driver of the job engine is held to. A driver's test is one line:
 * `engineConformance('sqlite', openForTests)`.
 */
import { describe } from 'vitest'
import { cancelling } from './engine-conformance/cancelling.ts'
import { claiming } from './engine-conformance/claiming.ts'
import { clock } from './engine-conformance/clock.ts'
import { dependencies } from './engine-conformance/dependencies.ts'
import { eventsAndLists } from './engine-conformance/events-and-lists.ts'
import { expiry } from './engine-conformance/expiry.ts'
import type { OpenEngine } from './engine-conformance/harness.ts'
import { leases } from './engine-conformance/leases.ts'
import { processes } from './engine-conformance/processes.ts'
import { randomHistories } from './engine-conformance/random-histories.ts'
import { settling } from './engine-conformance/settling.ts'
import { submitting } from './engine-conformance/submitting.ts'
import { turningOver } from './engine-conformance/turning-over.ts'
import { upkeep } from './engine-conformance/upkeep.ts'
import { waiting } from './engine-conformance/waiting.ts'

export type {
  EngineTestOptions,
  EngineUnderTest,
  OpenEngine,
} from './engine-conformance/harness.ts'
export type { OpenForTest } from './engine-conformance/fixtures.ts'

/** `histories`: how many random ones are tried. @default 100 */
export function engineConformance(
  name: string,
  open: OpenEngine,
  { histories = 100 }: { readonly histories?: number } = {},
): void {
  describe(`job engine on ${name}`, () => {
    submitting(open)
    claiming(open)
    leases(open)
    settling(open)
    turningOver(open)
    cancelling(open)
    dependencies(open)
    expiry(open)
    waiting(open)
    upkeep(open)
    eventsAndLists(open)
    clock(open)
    randomHistories(open, histories)
    processes(open)
  })
}
