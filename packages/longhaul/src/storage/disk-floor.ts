import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import path from 'node:path'

/** What a volume has and what of it is free, in bytes. */
export interface Room {
  readonly free: number
  readonly total: number
}

const GiB = 1024 ** 3

/** Below so much free room nothing is claimed and no upload accepted: what runs must still be able to end. */
export const diskFloorOf = ({ total }: Room, configured?: number): number =>
  configured ?? Math.min(GiB, total * 0.02)

export const isBelowFloor = (room: Room, configured?: number): boolean =>
  room.free < diskFloorOf(room, configured)

/** What the embedded database keeps back for a full disk (database/disk-reserve.ts). */
export const reserveBytes = 64 * 1024 ** 2

/**
 * Of the volume that holds the folder, as far as this user may fill it. A reserve that was given up is not free: what it
 * left is for what runs to end, and for itself once there is more.
 */
export async function roomOf(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(folder)
  const isSpent =
    existsSync(path.join(folder, 'longhaul.db')) && !existsSync(path.join(folder, 'reserve'))
  return { free: Math.max(0, bavail * bsize - (isSpent ? reserveBytes : 0)), total: blocks * bsize }
}
