import path from 'node:path'

/** Where one run keeps its service and its evidence. Everything but the data directories is written by the torture, not by longhaul. */
export interface RunFolder {
  readonly root: string
  /** Ids that the service acknowledged, synced to disk before the client goes on. */
  readonly acknowledged: string
  /** One line per start, beat and end of an attempt, appended by the attempt itself. */
  readonly ledger: string
  /** One line per fault point at which a server died. */
  readonly faults: string
  /** One line per result object that a server completed in storage. */
  readonly publications: string
  /** One line per pause of a server's event loop that was long enough to lose a lease. */
  readonly stalls: string
  /** While this file exists, no store fails and no server dies at a fault point. */
  readonly calm: string
  /** The data directory of the servers at a place. */
  data(place: number): string
  serverLog(serial: number): string
}

export function runFolder(root: string): RunFolder {
  const file = (name: string): string => path.join(root, name)
  return {
    root,
    data: (place) => file(place === 0 ? 'data' : `data-${place}`),
    acknowledged: file('acknowledged.jsonl'),
    ledger: file('ledger.jsonl'),
    faults: file('faults.jsonl'),
    publications: file('publications.jsonl'),
    stalls: file('stalls.jsonl'),
    calm: file('calm'),
    serverLog: (serial) => file(`server-${serial}.log`),
  }
}
