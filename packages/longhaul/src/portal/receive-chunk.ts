import { createHash } from 'node:crypto'
import type { Services } from '../app/services.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { formParts, type FormPart } from '../jobs/index.ts'
import { passing } from '../storage/index.ts'
import { invalidRequest } from '../validation/index.ts'
import { chunksOf } from './large-uploads.ts'
import type { PortalUploadRow } from './portal-statements.ts'

const missingField = (name: string) =>
  invalidRequest([{ type: 'missing', loc: ['body', name], msg: 'Field required' }])

/**
 * One chunk out of a form: it goes straight into the store, and is kept only when its digest is the one that the form gives,
 * before it or behind it. Throws 'checksum-mismatch', 'invalid-part'.
 */
export async function receiveChunk(
  { uploads }: Pick<Services, 'uploads'>,
  row: PortalUploadRow,
  index: number,
  parts: () => AsyncIterable<FormPart>,
  signal: AbortSignal,
): Promise<void> {
  const chunks = chunksOf(row)
  if (!Number.isInteger(index) || index < 0 || index >= chunks)
    throw new LonghaulError(
      'invalid-part',
      `This upload has the chunks 0 to ${chunks - 1}; there is no chunk ${index}.`,
    )
  const rest = formParts(parts)
  let expected: string | undefined
  const note = (part: FormPart): void => {
    if (part.type === 'file') part.file.resume()
    else if (part.fieldname === 'chunk_hash') expected = String(part.value).trim().toLowerCase()
  }
  const noteRest = async (): Promise<string> => {
    for await (const other of rest) note(other)
    if (expected === undefined) throw missingField('chunk_hash')
    return expected
  }
  try {
    for (;;) {
      const next = await rest.next()
      if (next.done === true) throw missingField('chunk')
      const part = next.value
      if (part.type !== 'file' || part.fieldname !== 'chunk') {
        note(part)
        continue
      }
      const sent = { owner: row.owner, uploadId: row.session ?? '', partNumber: index + 1, signal }
      // Where the digest is known beforehand, the store compares it while it writes.
      if (expected === undefined)
        await uploads.putPart({ ...sent, body: passing(part.file, checked(part.file, noteRest)) })
      else await uploads.putPart({ ...sent, body: part.file, sha256: expected })
      await noteRest()
      return
    }
  } catch (error) {
    if (!isLonghaulError(error, 'invalid-part')) throw error
    throw new LonghaulError('invalid-part', `Chunk ${index}: ${error.message}`, { cause: error })
  } finally {
    await rest.return(undefined)
  }
}

/** The same bytes, and an error in place of their end when they have another digest: the store then keeps nothing. */
async function* checked(
  file: AsyncIterable<Uint8Array>,
  digest: () => Promise<string>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  for await (const chunk of file) {
    hash.update(chunk)
    yield chunk
  }
  const expected = await digest()
  const actual = hash.digest('hex')
  if (expected !== actual)
    throw new LonghaulError(
      'checksum-mismatch',
      `The chunk has SHA-256 ${actual}, expected ${expected.slice(0, 64)}; send it again.`,
    )
}
