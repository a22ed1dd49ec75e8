import { statfs } from 'node:fs/promises'

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

/** Of the volume that holds the folder, as far as this user may fill it. */
export async function roomOf(folder: string): Promise<Room> {
  const { bavail, blocks, bsize } = await statfs(folder)
  return { free: bavail * bsize, total: blocks * bsize }
}
