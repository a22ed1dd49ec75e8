import type { IncomingHttpHeaders } from 'node:http'
import { isLonghaulError, LonghaulError } from '../../errors/index.ts'
import { passing } from '../../storage/index.ts'
import { checkedBody } from '../checked-body.ts'
import { hasBody } from '../request-body.ts'
import type { Checksum, Uploads } from '../uploads.ts'
import { announcedLength, badHeader, headerOf } from './headers.ts'
import { parseConcat } from './upload-concat.ts'
import { parseMetadata } from './upload-metadata.ts'
import { inWordsOfTus } from './upload-checksum.ts'

const partBytes = 16 * 1024 * 1024

/** What the protocol has a client say at creation and hear again at every HEAD, word for word. */
interface TusNote {
  readonly metadata?: string
  readonly concat?: string
}
export interface TusState {
  readonly offset: number
  /** Absent: not declared yet. */
  readonly sizeBytes?: number
  readonly completed: boolean
  readonly expiresAt: Date
  readonly note: TusNote
  readonly sha256?: string
}
export interface TusUpload {
  readonly uploadId: string
  readonly owner: string | 'everyone'
}
export interface TusAppend extends TusUpload {
  readonly offset: number
  readonly body: AsyncIterable<Uint8Array>
  readonly checksums: readonly Checksum[]
}

/** The words of tus for what the sessions do. */
export function createTusUploads(uploads: Uploads) {
  /** Also completes what has all its bytes: the service may have died between the last one and that. */
  async function stateOf({ uploadId, owner }: TusUpload): Promise<TusState> {
    const { note = '{}', status, ...state } = await uploads.offsetOf({ uploadId, owner })
    const said = { ...state, note: JSON.parse(note) as TusNote }
    if (status === 'completed') return { ...said, completed: true }
    if (state.offset !== state.sizeBytes) return { ...said, completed: false }
    const { sha256 } = await uploads.complete({ fileId: uploadId, owner })
    return { ...said, completed: true, ...(sha256 !== undefined && { sha256 }) }
  }

  async function append(request: TusAppend): Promise<TusState> {
    const { uploadId, owner, offset, checksums } = request
    let body = request.body
    for (const checksum of checksums) body = passing(body, checkedBody(body, checksum))
    try {
      await uploads.append({
        owner,
        uploadId,
        offset,
        body,
        whole: checksums.length > 0,
      })
    } catch (error) {
      if (isLonghaulError(error, 'checksum-mismatch')) throw inWordsOfTus(error)
      throw (await refusesAll(error, request)) ? isFinal() : error
    }
    return stateOf(request)
  }

  /** "The Server MUST respond with the 403 Forbidden status to PATCH requests against a final upload URL". */
  async function refusesAll(error: unknown, upload: TusUpload): Promise<boolean> {
    const codes = ['upload-complete', 'upload-offset-mismatch', 'body-too-large'] as const
    if (!codes.some((code) => isLonghaulError(error, code))) return false
    const { note } = await stateOf(upload)
    return note.concat?.startsWith('final') ?? false
  }

  return {
    stateOf,
    append,

    async create(owner: string, headers: IncomingHttpHeaders): Promise<TusUpload> {
      const metadata = headerOf(headers, 'upload-metadata')
      const announced = headerOf(headers, 'upload-concat')
      const file = parseMetadata(metadata)
      const concat = parseConcat(announced)
      const said: TusNote = {
        ...(metadata?.trim() && { metadata }),
        ...(announced !== undefined && { concat: announced }),
      }
      const note = JSON.stringify(said)
      if (concat?.kind === 'final') {
        // "The Client MUST NOT include the Upload-Length header in the final upload creation."
        const length = headerOf(headers, 'upload-length')
        if (length !== undefined)
          throw badHeader('Upload-Length', length, 'leave it out of a final upload')
        if (hasBody(headers)) throw isFinal()
        const { uploadIds } = concat
        const { fileId } = await uploads.concatenate({ owner, uploadIds, ...file, note })
        return { uploadId: fileId, owner }
      }
      const { files } = await uploads.start({
        owner,
        files: [
          {
            ...file,
            ...announcedLength(headers),
            ...(concat && { partial: true }),
            appended: true,
            note,
          },
        ],
        partBytes,
        baseUrl: '', // nothing is signed
      })
      if (!files[0]) throw new Error('An upload of one file started none')
      return { uploadId: files[0].fileId, owner }
    },

    /** The first bytes of an upload of which nobody knows yet: what cannot be taken leaves nothing behind. */
    async appendFirst(request: TusAppend): Promise<TusState> {
      try {
        return await append(request)
      } catch (error) {
        await uploads.abort(request.uploadId, request.owner).catch(() => {}) // it expires by itself, too
        throw error
      }
    },

    /** "Once it is known the Client MUST set the Upload-Length header in the next PATCH request." */
    declareSize: ({ uploadId, owner }: TusUpload, sizeBytes: number) =>
      uploads.declareSize({ uploadId, owner, sizeBytes }),

    terminate: ({ uploadId, owner }: TusUpload) => uploads.abort(uploadId, owner),
  }
}

const isFinal = () =>
  new LonghaulError(
    'upload-is-final',
    'A final upload is made of its partial uploads and takes no bytes of its own.',
  )
