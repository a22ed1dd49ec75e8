import { describe, expect, it } from 'vitest'
import type { BatchRow } from './batch.ts'
import { itemCounter, statusOf } from './count-items.ts'

const batch: BatchRow = {
  ...{ seq: 1, id: 'b_1', owner: 'ana', processor: 'p', job: '{}', parameters: '{}' },
  ...{ total: 10, fed: 6, created_at: 0, cancelled_at: null },
  ...{ callback_url: null, tags: null, stopping: 0, to_tell: 0, told: 0, removing: 0 },
}
const rows: Record<string, readonly object[]> = {
  'batch.counts': [
    { state: 'completed', n: 3 },
    { state: 'failed', n: 2 },
  ],
  'batch.failures': [{ code: 'transient', n: 2 }],
}

/** A database that takes so long, on a clock that only it moves. */
function slowDatabase(costMs: number) {
  const clock = { at: 0, reads: 0 }
  const read = async (name: string) => {
    if (name === 'batch.counts') {
      clock.reads += 1
      clock.at += costMs
    }
    return rows[name] as never
  }
  return { clock, ...itemCounter({ read }, () => clock.at) }
}

describe('itemCounter', () => {
  it('counts jobs, items that are none yet, and items whose jobs are gone', async () => {
    const { count } = slowDatabase(0)
    const { counts, failures } = await count(batch)
    expect(counts).toMatchObject({ total: 10, pending: 4, completed: 3, failed: 2, removed: 1 })
    expect(failures).toEqual({ transient: 2 })
  })

  it('takes what a cancel kept from becoming a job for cancelled', async () => {
    const { count } = slowDatabase(0)
    const { counts } = await count({ ...batch, cancelled_at: 1 })
    expect(counts).toMatchObject({ pending: 0, cancelled: 4 })
  })

  it('counts again at once where that is cheap', async () => {
    const { count, clock } = slowDatabase(1)
    await count(batch)
    await count(batch)
    expect(clock.reads).toBe(2)
  })

  it('gives an answer again for twenty times what it cost', async () => {
    const { count, clock } = slowDatabase(30)
    await Promise.all([count(batch), count(batch)])
    clock.at += 599
    await count(batch)
    expect(clock.reads).toBe(1)
    clock.at += 2
    await count(batch)
    expect(clock.reads).toBe(2)
  })

  it('counts again once the batch has been changed', async () => {
    const { count, forget, clock } = slowDatabase(30)
    await count(batch)
    forget(batch.id)
    await count(batch)
    expect(clock.reads).toBe(2)
  })

  it('gives no failure twice', async () => {
    let reads = 0
    const { count } = itemCounter({
      read: () => {
        reads += 1
        return Promise.reject(new Error('away'))
      },
    })
    await expect(count(batch)).rejects.toThrow('away')
    await expect(count(batch)).rejects.toThrow('away')
    expect(reads).toBe(4)
  })
})

describe('statusOf', () => {
  const none = { pending: 0, queued: 0, running: 0, retry_wait: 0, paused: 0 }
  const counts = (some: object) => ({
    ...{ total: 3, ...none, completed: 0, failed: 0, cancelled: 0, removed: 0 },
    ...some,
  })
  it.each([
    [{ completed: 2, pending: 1 }, false, 'running'],
    [{ completed: 2, running: 1 }, true, 'cancelling'],
    [{ completed: 3 }, false, 'completed'],
    [{ completed: 2, removed: 1 }, false, 'completed'],
    [{ completed: 2, failed: 1 }, false, 'some_failed'],
    [{ failed: 2, cancelled: 1 }, false, 'failed'],
    [{ completed: 2, cancelled: 1 }, false, 'cancelled'],
    [{ completed: 1, failed: 1, cancelled: 1 }, true, 'cancelled'],
    [{ completed: 2, failed: 1 }, true, 'some_failed'],
  ])('%j, cancelled: %s, is %s', (some, isCancelled, status) => {
    expect(statusOf(counts(some), isCancelled)).toBe(status)
  })
})
