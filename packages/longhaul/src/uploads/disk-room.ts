import { LonghaulError } from '../errors/index.ts'
import { diskFloorOf } from '../storage/index.ts'
import { refOf, type UploadContext } from './session.ts'
import type { UploadRow } from './upload-statements.ts'

/**
 * Throws 'insufficient-storage' when these bytes would leave less than the floor free. Open uploads were promised room for
 * what they announced, and what has not come of it is not free; bytes of such a promise need only the floor. Stores that
 * cannot tell take everything. Two starts at the same moment may both be let in: the floor is the margin for that.
 */
export async function checkRoom(
  context: UploadContext,
  bytes: number,
  { promised = false }: { readonly promised?: boolean } = {},
): Promise<void> {
  const room = await context.storage.freeBytes()
  if (!room) return
  const above = Math.max(
    0,
    Math.floor(room.free - diskFloorOf(room, context.config.diskFloorBytes)),
  )
  const usable = promised ? above : await unpromised(context, above, bytes)
  if (bytes <= usable && above > 0) return
  throw new LonghaulError(
    'insufficient-storage',
    `The store has room for ${usable} bytes, and ${bytes} were announced. Free some room or send less.`,
    { facts: { needed_bytes: bytes, usable_bytes: usable } },
  )
}

/** The parts that have come are looked at only when it would be too little without them. */
async function unpromised(context: UploadContext, above: number, bytes: number): Promise<number> {
  const { database } = context
  const [sum] = await database.read<{ bytes: number }>('upload.promised', [])
  let usable = above - Number(sum?.bytes ?? 0)
  if (usable >= bytes) return usable
  for (const row of await database.read<UploadRow>('upload.open', [])) {
    usable += await receivedBytes(context, row)
    if (usable >= bytes) break
  }
  return Math.max(0, usable)
}

async function receivedBytes({ storage }: UploadContext, row: UploadRow): Promise<number> {
  if (row.store_upload_id === null) return 0
  const parts = await storage.listParts(refOf(row)).catch(() => []) // ended in this moment: its promise with it
  return parts.reduce((sum, part) => sum + part.size, 0)
}
