import { LonghaulError } from '../errors/index.ts'
import type { Services } from '../app/services.ts'
import { formParts, type FormPart } from '../jobs/index.ts'
import { invalidRequest } from '../validation/index.ts'
import { contained } from './file-place.ts'

export interface ReceivedForm {
  readonly fields: Readonly<Record<string, string>>
  /** The session that holds the part `file`, whose bytes have all come. */
  readonly file: {
    readonly session: string
    readonly name: string
    readonly mediaType: string
    readonly size: number
  }
}

export interface FormUpload {
  readonly id: string
  readonly owner: string
  readonly baseUrl: string
}

const partBytes = 64 * 1024 * 1024

/**
 * A form with one file, whose bytes go straight into an upload session as they come: fields may stand before it or behind it.
 * When it throws, nothing of the form is left.
 */
export async function receiveForm(
  services: Pick<Services, 'database' | 'uploads'>,
  parts: () => AsyncIterable<FormPart>,
  upload: FormUpload,
): Promise<ReceivedForm> {
  const fields: Record<string, string> = {}
  let file: ReceivedForm['file'] | undefined
  let session: string | undefined
  try {
    for await (const part of formParts(parts)) {
      if (part.type === 'field') fields[part.fieldname] = String(part.value)
      else if (part.fieldname !== 'file') part.file.resume()
      else if (file !== undefined)
        throw invalidRequest([
          { type: 'too_long', loc: ['body', 'file'], msg: 'One file, not several' },
        ])
      else {
        const { filename, mimetype: mediaType } = part
        if (filename === '')
          throw new LonghaulError('invalid-file-name', 'The file has no name; give it one.')
        const name = contained(filename)
        session = await begin(services, upload, { filename: name, mediaType })
        const size = await stream(services, upload.owner, session, part.file)
        file = { session, name, mediaType, size }
      }
    }
    if (file === undefined)
      throw invalidRequest([{ type: 'missing', loc: ['body', 'file'], msg: 'Field required' }])
    return { fields, file }
  } catch (error) {
    await dropUpload(services, upload.id, session)
    throw error
  }
}

/** Nothing has come of it, and nothing shows that it was begun. */
export async function dropUpload(
  { database, uploads }: Pick<Services, 'database' | 'uploads'>,
  id: string,
  session: string | undefined,
): Promise<void> {
  if (session === undefined) return
  // Expiry finds what is left, should the store be away now.
  await uploads.abort(session, 'everyone').catch(() => undefined)
  await database.write([{ statement: 'portal.drop', params: [id] }])
}

async function begin(
  { database, uploads }: Pick<Services, 'database' | 'uploads'>,
  { id, owner, baseUrl }: FormUpload,
  file: { readonly filename: string; readonly mediaType: string },
): Promise<string> {
  const { files } = await uploads.start({
    ...{ owner, partBytes, baseUrl },
    files: [{ ...file, note: noteOf(id) }],
  })
  const [{ fileId } = { fileId: '' }] = files
  const params = [id, owner, null, 'local', null, fileId, null, null]
  await database.write([{ statement: 'portal.insert', params }])
  return fileId
}

/** What becomes of the session is the portal's affair; see the rules. */
export const noteOf = (id: string): string => `portal:${id}`

async function stream(
  { uploads }: Pick<Services, 'uploads'>,
  owner: string,
  uploadId: string,
  body: AsyncIterable<Uint8Array>,
): Promise<number> {
  const { offset } = await uploads.append({ owner, uploadId, offset: 0, body })
  await uploads.declareSize({ owner, uploadId, sizeBytes: offset })
  return offset
}
