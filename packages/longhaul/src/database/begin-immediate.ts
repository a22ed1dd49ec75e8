import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy } from './sqlite-error.ts'

const maxBusyMs = 30_000

/**
 * Takes the write lock. While another process has it, SQLite would wait asleep, with the event loop, and ever less
 * often; we wait awake and ask about every millisecond.
 */
export async function beginImmediate(db: DatabaseSync, onBusy?: () => void): Promise<void> {
  const start = performance.now()
  for (;;) {
    try {
      db.exec('BEGIN IMMEDIATE')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() - start > maxBusyMs) throw error
    }
    onBusy?.()
    await sleep(1 + Math.random())
  }
}
