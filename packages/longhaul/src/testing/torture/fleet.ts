import { setTimeout as pause } from 'node:timers/promises'
import type { ConfigOptions } from '../../app/index.ts'
import type { FaultPoint } from '../../support/fault-point.ts'
import { readEvidence, type FaultLine } from './evidence.ts'
import type { Excuse } from './judge-attempts.ts'
import { runFolder } from './run-folder.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { PlannedFault, ServerPlan } from './server-plan.ts'
import { TortureServer } from './torture-server.ts'

export interface FleetOptions {
  readonly size: number
  readonly runId: string
  readonly random: SeededRandom
  readonly base: Omit<ServerPlan, 'serial' | 'place' | 'config' | 'seed' | 'fault'>
  readonly configFor: (place: number) => ConfigOptions
  /** What the next server shall do to itself. */
  readonly nextFault: (serial: number) => PlannedFault | undefined
  /** No server has died at this point yet. */
  readonly isWanted: (point: FaultPoint) => boolean
  /** How long who stopped itself stands still. */
  readonly sleepMs: number
}

/** Servers that share the same data, each at its place. Whoever dies is replaced; whoever stops itself is woken after its lease. */
export class Fleet {
  readonly all: TortureServer[] = []
  readonly #options: FleetOptions
  readonly #woken = new Set<TortureServer>()
  #closing = false

  constructor(options: FleetOptions) {
    this.#options = options
    for (let place = 0; place < options.size; place++) this.#start(place)
  }

  get ready(): readonly TortureServer[] {
    return this.all.filter((server) => server.ready && !this.#sleeps(server))
  }

  /**
   * Whom chaos may strike: not who is still to strike itself where nobody did before, nor who is still to stop by
   * itself, for nobody else shows what a late attempt does.
   */
  get targets(): readonly TortureServer[] {
    const { isWanted } = this.#options
    return this.ready.filter((server) => {
      const { fault } = server.plan
      if (fault === undefined) return true
      return fault.action === 'stop' ? this.#woken.has(server) : !isWanted(fault.point)
    })
  }

  /** When servers stood still, and when they died. */
  get excuses(): readonly Excuse[] {
    return this.all.flatMap((server) => server.impairments)
  }

  /** Waits until every place is taken by a server that can be spoken to. */
  async whole(withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs
    while (this.ready.length < this.#options.size) {
      if (Date.now() > deadline) throw new Error(`No server came up within ${withinMs} ms`)
      await pause(25)
    }
  }

  /** True when all of them ended by themselves, without an error. */
  async stop(): Promise<boolean> {
    this.#closing = true
    const living = this.all.filter((server) => server.alive)
    const clean = await Promise.all(living.map((server) => server.stop(20_000)))
    return clean.every(Boolean)
  }

  /** For the way out of an error: nothing of the run may go on. */
  async kill(): Promise<void> {
    this.#closing = true
    await Promise.all(this.all.map((server) => server.kill()))
  }

  #start(place: number): void {
    const { base, configFor, random, runId, nextFault } = this.#options
    const serial = this.all.length
    const fault = nextFault(serial)
    const seed = random.between(0, 2 ** 31)
    const plan = { ...base, serial, place, seed, config: configFor(place), ...(fault && { fault }) }
    const server = new TortureServer(plan, runId)
    this.all.push(server)
    void server.exited.then(async () => {
      await pause(random.between(0, 500))
      if (!this.#closing) this.#start(place)
    })
    if (fault?.action === 'stop') void this.#wake(server)
  }

  #sleeps(server: TortureServer): boolean {
    if (server.plan.fault?.action !== 'stop' || this.#woken.has(server)) return false
    const struck = readEvidence<FaultLine>(runFolder(server.plan.folder).faults)
    return struck.some((line) => line.pid === server.pid)
  }

  /** A stopped process cannot say so: its last line of evidence does. */
  async #wake(server: TortureServer): Promise<void> {
    while (server.alive && !this.#sleeps(server)) await pause(25)
    await server.freeze(this.#options.sleepMs)
    this.#woken.add(server)
    // On a slow disk its line can be read before it stops: then it stops only after it was woken.
    for (let tries = 0; tries < 50 && server.alive; tries += 1) {
      await pause(200)
      server.wake()
    }
  }
}
