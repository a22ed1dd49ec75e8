import { appendFileSync, readFileSync } from 'node:fs'
import type { FaultPoint } from '../../support/fault-point.ts'

/**
 * Evidence is JSON lines in files opened with O_APPEND: one small write each, so lines of several processes never mix
 * and their order is the order in which things happened, whoever is killed meanwhile.
 */
export function appendEvidence(file: string, line: object): void {
  appendFileSync(file, JSON.stringify(line) + '\n')
}

/** A last line cut short by a kill is left out. */
export function readEvidence<Line>(file: string): readonly Line[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}

/** What an attempt says about itself; `server` is the process that started it. */
export interface LedgerLine {
  readonly what: 'start' | 'beat' | 'end'
  readonly at: number
  readonly job: string
  readonly attempt: number
  readonly nonce: string
  readonly tag: string
  readonly queue: 'torture' | 'narrow'
  readonly pid: number
  readonly server: number
}
export interface AcknowledgedLine {
  readonly job: string
  readonly tag: string
  readonly task: string
  /** Of a `steps` job: how many. */
  readonly steps?: number
}
/** `stop`: it stood still there until it was woken, long after its leases had passed. */
export interface FaultLine {
  readonly point: FaultPoint
  readonly action: 'die' | 'stop'
  readonly pid: number
}
export interface PublicationLine {
  readonly key: string
  readonly uploadId: string
  readonly pid: number
}
export interface StallLine {
  readonly pid: number
  readonly from: number
  readonly to: number
}
