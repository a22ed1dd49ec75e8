import type { LedgerLine } from './evidence.ts'
import type { Finding } from './findings.ts'
import { narrowLimit } from './work.ts'

/** A time in which a server could not look after its attempts: they may run on beside their successors until it ends. */
export interface Excuse {
  readonly pid: number
  readonly from: number
  readonly to: number
}

/** Long enough for a woken server or a guard to kill what it must, on a busy machine. */
const killMs = 1500

/**
 * Reads the ledger, which no engine wrote: a line of an attempt after the first line of a later attempt of the same job
 * means that two ran at once. Only a fenced one may, which is one whose server stood still or was dead.
 */
export function judgeAttempts(
  ledger: readonly LedgerLine[],
  excuses: readonly Excuse[],
): readonly Finding[] {
  const newest = new Map<string, LedgerLine>()
  const overlaps = new Map<string, Finding>()
  for (const line of ledger) {
    const successor = newest.get(line.job)
    if (!successor || line.attempt > successor.attempt) newest.set(line.job, line)
    else if (line.attempt < successor.attempt && !excused(line, excuses))
      overlaps.set(`${line.job}.${line.attempt}`, {
        kind: 'doubled',
        what: `attempt ${line.attempt} of ${line.job} (process ${line.pid}) ran beside attempt ${successor.attempt}`,
      })
    else if (line.attempt === successor.attempt && line.nonce !== successor.nonce)
      overlaps.set(`${line.job}.${line.attempt}`, {
        kind: 'doubled',
        what: `attempt ${line.attempt} of ${line.job} was given out twice`,
      })
  }
  return [...overlaps.values()]
}

/** More at once than the whole fleet may run. What a fenced attempt goes on doing counts for nobody. */
export function judgeLimit(
  ledger: readonly LedgerLine[],
  excuses: readonly Excuse[],
): readonly Finding[] {
  const lines = ledger.filter((line) => line.queue === 'narrow' && !excused(line, excuses))
  // From its first sign to its last, whatever ended it, an attempt was surely there.
  const lives = [
    ...Map.groupBy(lines.entries(), ([, one]) => `${one.job}.${one.attempt}.${one.nonce}`),
  ].map(([attempt, signs]) => ({ attempt, from: signs[0]?.[0] ?? 0, to: signs.at(-1)?.[0] ?? 0 }))
  for (const { from } of lives) {
    const there = lives.filter((life) => life.from <= from && from <= life.to)
    if (there.length > narrowLimit)
      return [
        {
          kind: 'wrong',
          what: `${there.length} ran at once where the fleet may run ${narrowLimit}: ${there.map(({ attempt }) => attempt).join(', ')}`,
        },
      ]
  }
  return []
}

const excused = (line: LedgerLine, excuses: readonly Excuse[]): boolean =>
  excuses.some(
    ({ pid, from, to }) => pid === line.server && line.at >= from && line.at <= to + killMs,
  )
