import { randomUUID } from 'node:crypto'
import { LonghaulError } from '../../errors/index.ts'
import { chunksOf } from '../../storage/index.ts'
import type { ResumableUploads } from './resumable.ts'

interface Session {
  bytes: Buffer
  sizeBytes: number | undefined
  note: string
  owner: string
  partial: boolean
}

/** Sessions in memory. */
export function memoryUploads(): ResumableUploads {
  const sessions = new Map<string, Session>()
  const get = (id: string, owner: string) => {
    const session = sessions.get(id)
    if (session && (owner === 'everyone' || owner === session.owner)) return session
    throw new LonghaulError('upload-not-found', `There is no upload ${id}.`)
  }
  const start: ResumableUploads['start'] = async (request) => {
    const fileId = randomUUID()
    const [file] = request.files
    sessions.set(fileId, {
      bytes: Buffer.alloc(0),
      sizeBytes: file?.sizeBytes,
      note: file?.note ?? '',
      owner: request.owner,
      partial: file?.partial ?? false,
    })
    return { files: [{ fileId }] }
  }
  return {
    start,
    async append({ uploadId, owner, offset, body, whole }) {
      const session = get(uploadId, owner)
      if (offset !== session.bytes.length)
        throw new LonghaulError('upload-offset-mismatch', 'other', {
          facts: { offset: session.bytes.length },
        })
      const limit = session.sizeBytes ?? Infinity
      const before = session.bytes
      try {
        for await (const chunk of chunksOf(body)) {
          if (session.bytes.length + chunk.length > limit)
            throw new LonghaulError('body-too-large', 'more')
          session.bytes = Buffer.concat([session.bytes, chunk])
        }
      } catch (error) {
        if (whole) session.bytes = before
        throw error
      }
      return { offset: session.bytes.length, isComplete: session.bytes.length === limit }
    },
    async complete({ fileId }) {
      return { fileId, key: '', uri: '', etag: '', sizeBytes: 0 }
    },
    async offsetOf({ uploadId, owner }) {
      const { bytes, sizeBytes, note } = get(uploadId, owner)
      return {
        offset: bytes.length,
        ...(sizeBytes !== undefined && { sizeBytes }),
        status: bytes.length === sizeBytes ? 'completed' : 'open',
        expiresAt: new Date(Date.now() + 60_000),
        note,
      }
    },
    async declareSize({ uploadId, owner, sizeBytes }) {
      const session = get(uploadId, owner)
      if (session.sizeBytes !== undefined && session.sizeBytes !== sizeBytes)
        throw new LonghaulError('upload-mismatch', 'size')
      if (sizeBytes < session.bytes.length) throw new LonghaulError('upload-mismatch', 'size')
      session.sizeBytes = sizeBytes
    },
    async concatenate(request) {
      const parts = request.uploadIds.map((id) => get(id, request.owner))
      const bytes = Buffer.concat(parts.map((part) => part.bytes))
      if (parts.some((part) => !part.partial)) throw new LonghaulError('upload-mismatch', 'partial')
      if (parts.some((part) => part.bytes.length !== part.sizeBytes))
        throw new LonghaulError('upload-incomplete', 'partial')
      const { owner, ...file } = request
      const files = [{ ...file, sizeBytes: bytes.length }]
      const started = await start({ owner, files, partBytes: 1, baseUrl: '' })
      const fileId = started.files[0]?.fileId ?? ''
      get(fileId, owner).bytes = bytes
      return { fileId }
    },
    async abort(uploadId, owner) {
      get(uploadId, owner)
      sessions.delete(uploadId)
    },
  }
}
