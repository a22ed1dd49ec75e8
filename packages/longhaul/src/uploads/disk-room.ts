import { LonghaulError } from '../errors/index.ts'
import type { ObjectStore } from '../storage/index.ts'

const GiB = 1024 ** 3

/** What uploads leave free: the smaller of 1 GiB and 2 % of the volume, so that jobs can still settle. */
const reserveOf = (total: number): number => Math.min(GiB, total * 0.02)

/** Throws 'insufficient-storage' when these bytes would not fit; stores that cannot tell take everything. */
export async function checkRoom(
  store: Pick<ObjectStore, 'freeBytes'>,
  bytes: number,
): Promise<void> {
  const room = await store.freeBytes()
  if (!room) return
  const usable = Math.max(0, Math.floor(room.free - reserveOf(room.total)))
  if (bytes <= usable) return
  throw new LonghaulError(
    'insufficient-storage',
    `The store has room for ${usable} bytes, and ${bytes} were announced. Free some room or send less.`,
    { facts: { needed_bytes: bytes, usable_bytes: usable } },
  )
}
