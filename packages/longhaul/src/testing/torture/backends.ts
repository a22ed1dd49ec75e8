import type { ConfigOptions } from '../../app/index.ts'
import type { FaultPoint } from '../../support/fault-point.ts'
import type { RunFolder } from './run-folder.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Where rows and bytes are kept during a run. */
export const backendNames = ['sqlite+local', 'postgres+local', 'postgres+s3'] as const
export type BackendName = (typeof backendNames)[number]

/** Servers, where there are any, that serve one run after the other. */
export interface TortureBackends extends AsyncDisposable {
  /** At which a server can die here. */
  readonly points: readonly FaultPoint[]
  open(run: BackendsOfRunOptions): Promise<BackendsOfRun>
}
export interface BackendsOfRunOptions {
  readonly folder: RunFolder
  readonly seed: number
  readonly leaseMs: number
  /** Hosts that share the data. */
  readonly places: number
  /** No fault strikes by chance while this is true. */
  readonly isCalm: () => boolean
  /** Faults may last 15 leases. */
  readonly long: boolean
}

/** Empty ones, for one run. */
export interface BackendsOfRun extends AsyncDisposable {
  /** Of the server at that place; its lines to database and store may break. */
  configFor(place: number): ConfigOptions
  /** Straight to the data, for the judgement. */
  readonly config: ConfigOptions & { readonly dataDir: string }
  /** Data directories of all places. */
  readonly dataDirs: readonly string[]
  readonly faults: readonly BackendFault[]
}

export interface BackendFault {
  readonly name: string
  /** Resolves when it is over and what it broke is whole again. */
  strike(random: SeededRandom): Promise<void>
}
