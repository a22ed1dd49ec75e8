import { LonghaulError } from '../errors/index.ts'
import { diskFloorOf } from '../storage/index.ts'
import { refOf, type UploadContext } from './session.ts'
import type { UploadRow } from './upload-statements.ts'

/**
 * Throws 'insufficient-storage' when these bytes would leave less than the floor free. Open uploads were promised room for
 * what they announced, and what has not come of it is not free; bytes of such a promise need only the floor. Stores that
 * cannot tell take everything.
 */
export async function checkRoom(
  context: UploadContext,
  bytes: number,
  options: { readonly promised?: boolean } = {},
): Promise<void> {
  await promisableBytes(context, bytes, options)
}

/**
 * The same, and up to which sum all open uploads together may be promised room: whoever adds a promise compares it in the
 * same transaction, because others may do so at this moment. Undefined where there is no limit.
 */
export async function promisableBytes(
  context: UploadContext,
  bytes: number,
  { promised = false }: { readonly promised?: boolean } = {},
): Promise<number | undefined> {
  const room = await context.storage.freeBytes()
  if (!room) return undefined
  const above = Math.max(
    0,
    Math.floor(room.free - diskFloorOf(room, context.config.diskFloorBytes)),
  )
  const { usable, received } = promised
    ? { usable: above, received: 0 }
    : await unpromised(context, above, bytes)
  if (bytes <= usable && above > 0) return above + received
  throw new LonghaulError(
    'insufficient-storage',
    `The store has room for ${usable} bytes, and ${bytes} were announced. Free some room or send less.`,
    { facts: { needed_bytes: bytes, usable_bytes: usable } },
  )
}

/** The parts that have come are looked at only when it would be too little without them. */
async function unpromised(context: UploadContext, above: number, bytes: number) {
  const { database } = context
  const [sum] = await database.read<{ bytes: number }>('upload.promised', [])
  const free = above - Number(sum?.bytes ?? 0)
  let received = 0
  if (free < bytes)
    for (const row of await database.read<UploadRow>('upload.open', [])) {
      received += await receivedBytes(context, row)
      if (free + received >= bytes) break
    }
  return { usable: Math.max(0, free + received), received }
}

async function receivedBytes({ storage }: UploadContext, row: UploadRow): Promise<number> {
  if (row.store_upload_id === null) return 0
  const parts = await storage.listParts(refOf(row)).catch(() => []) // ended in this moment: its promise with it
  return parts.reduce((sum, part) => sum + part.size, 0)
}
