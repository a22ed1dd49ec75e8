import { afterAll, beforeAll } from 'vitest'
import { fixture, startHttpService } from './harness/http-service.ts'
import { tusCalls, type TusCalls } from './harness/tus-calls.ts'
import { checksums } from './tus/checksums.conformance.ts'
import { concatenation } from './tus/concatenation.conformance.ts'
import { coreProtocol } from './tus/core.conformance.ts'
import { creation } from './tus/creation.conformance.ts'
import { keysAndOwners } from './tus/keys.conformance.ts'
import { neighbours } from './tus/neighbours.conformance.ts'

/** The behaviours of tus 1.0 as plain HTTP, in order of its text, on one running service. */
let calls: TusCalls
beforeAll(async () => {
  calls = tusCalls(await startHttpService({ maxUploadBytes: 1_000_000 }, [fixture('digest.ts')]))
})
afterAll(() => calls?.service.stop())

const tus = (): TusCalls => calls
coreProtocol(tus)
creation(tus)
checksums(tus)
concatenation(tus)
neighbours(tus)
keysAndOwners(tus)
