import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { sqliteModule } from '../../database/sqlite-module.ts'
import { faultPoints } from '../../support/fault-point.ts'
import type { TortureBackends } from './backends.ts'

/** SQLite and the local store: every server works on the same data directory. */
export function embeddedBackends(): TortureBackends {
  return {
    points: faultPoints,
    open({ folder, leaseMs }) {
      const dataDir = folder.data(0)
      return Promise.resolve({
        configFor: () => ({ dataDir }),
        config: { dataDir },
        dataDirs: [dataDir],
        faults: [
          {
            name: 'database-locked',
            strike: (random) => holdLock(dataDir, leaseMs * random.between(1, 2)),
          },
        ],
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Another program has the write lock: nobody can touch a lease, or write anything at all. */
async function holdLock(dataDir: string, ms: number): Promise<void> {
  const { DatabaseSync } = sqliteModule()
  const database = new DatabaseSync(path.join(dataDir, 'longhaul.db'))
  try {
    await begun(() => database.exec('BEGIN IMMEDIATE'))
    await pause(ms)
  } finally {
    database.close()
  }
}

/** Servers hold the lock for some milliseconds at a time. */
async function begun(begin: () => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return begin()
    } catch (error) {
      if (attempt === 5000) throw error
      await pause(1)
    }
  }
}
