import { afterAll, beforeAll } from 'vitest'
import { fixture, startHttpService } from './harness/http-service.ts'
import { tusCalls, type TusCalls } from './harness/tus-calls.ts'
import { checksums } from './tus/checksums.ts'
import { concatenation } from './tus/concatenation.ts'
import { coreProtocol } from './tus/core.ts'
import { creation } from './tus/creation.ts'
import { keysAndOwners } from './tus/keys.ts'
import { neighbours } from './tus/neighbours.ts'

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
