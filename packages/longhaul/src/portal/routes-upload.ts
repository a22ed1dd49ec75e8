import {
  importRequest,
  portalUploadFields,
  portalUploadStarted,
  uploadPathFields,
  type PortalUploadStarted,
} from '@longhaul/protocol'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { isLonghaulError, LonghaulError } from '../errors/index.ts'
import { baseUrlOf, formParts, type FormPart } from '../jobs/index.ts'
import { parseRequest } from '../validation/index.ts'
import { placeOf } from './file-place.ts'
import { portalId } from './portal-id.ts'
import { dropUpload, receiveForm } from './receive-form.ts'
import { durationOfUpload, largeBytes } from './sources.ts'
import { readingForm } from './routes-form.ts'
import { startImport } from './start-import.ts'
import { submitUpload, submitUploadJob } from './submit-upload.ts'
import { referencedFile } from './upload-job.ts'

const tags = ['datasets', 'system E']
const response = { 200: portalUploadStarted }
/** Described here, checked where the parts are read. */
const validatorCompiler = () => (data: unknown) => ({ value: data })

/** One file by a form, a file that is there already, or an import: each becomes a job of kind `upload`. */
export const uploadFormRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  // Both of system E's applications, which had a path each for the same.
  for (const url of ['/api/upload/upload', '/api/upload/local/upload'])
    app.post(
      url,
      {
        schema: {
          tags,
          summary: 'Upload one file by a form: the part `file`, and fields about its dataset',
          consumes: ['multipart/form-data'],
          body: portalUploadFields.extend({ file: z.string().meta({ format: 'binary' }) }),
          response,
        },
        validatorCompiler,
      },
      (request) => uploadForm(services, request),
    )

  app.post(
    '/api/upload/upload-path',
    {
      schema: {
        tags,
        summary: 'Take a file that the service can read already; it stays where it is',
        consumes: ['multipart/form-data', 'application/x-www-form-urlencoded', 'application/json'],
        body: uploadPathFields,
        response,
      },
      validatorCompiler,
    },
    (request) => uploadPath(services, request),
  )

  app.post(
    '/api/upload/initiate',
    {
      schema: {
        tags,
        summary: 'Import from Google Drive, S3 or a URL, as a durable job',
        body: importRequest,
        response,
      },
      validatorCompiler,
    },
    async (request) => startImport(services, request, 'upload'),
  )
}

const example = '-F file=@FILE -F user_email=… -F dataset_name=… -F sensor=…'

async function uploadForm(
  services: Services,
  request: FastifyRequest,
): Promise<PortalUploadStarted> {
  const { owner, scope } = request
  const announced = Number(request.headers['content-length'] ?? 0)
  // Said before anything is read, where the client announces it.
  await services.uploads.checkRoom(announced || 0)
  const id = portalId(announced > largeBytes ? 'chunked_upload' : 'upload')
  const baseUrl = baseUrlOf(services.config, request)
  const { fields: given, file } = await readingForm(request, example, (parts) =>
    receiveForm(services, parts, { id, owner, baseUrl }),
  )
  try {
    const fields = parseRequest(portalUploadFields, given, 'body')
    const name = placeOf(file.name, fields.relative_path)
    const { session, mediaType } = file
    const input = { kind: 'session', upload_id: session, name, media_type: mediaType } as const
    const uuid = await submitUpload(
      services,
      {
        ...{ id, owner, scope, fields, sourceType: 'local', isBegun: true },
        sourcePath: file.name,
        totalBytes: file.size,
      },
      submitUploadJob(services, id, owner, input),
    )
    const type = file.size > largeBytes ? 'chunked' : 'standard'
    return started(id, uuid, type, file.size)
  } catch (error) {
    // With the job in the database its session is in use, whatever happened afterwards.
    const [job] = await services.engine.get([id], 'everyone').catch(() => [])
    if (job === undefined) await dropUpload(services, id, file.session)
    throw error
  }
}

async function uploadPath(
  services: Services,
  request: FastifyRequest,
): Promise<PortalUploadStarted> {
  const { owner, scope } = request
  const fields = parseRequest(uploadPathFields, await textFields(request), 'body')
  const path = fields.file_path ?? ''
  if (!path.startsWith('/') || path.includes('\0'))
    throw new LonghaulError('bad-request', 'Send file_path: the absolute path of a file.')
  const { size_bytes } = await referencedFile(services.config.inputRoots, path).catch(
    (error: unknown) => {
      if (!isLonghaulError(error, 'object-not-found')) throw error
      throw new LonghaulError('bad-request', 'There is no such file.', { cause: error })
    },
  )
  const own = path.slice(path.lastIndexOf('/') + 1)
  const name = placeOf(fields.original_filename || own, fields.relative_path)
  const id = portalId('upload')
  const uuid = await submitUpload(
    services,
    {
      ...{ id, owner, scope, fields, sourceType: 'local', isBegun: false },
      sourcePath: name,
      totalBytes: size_bytes,
    },
    submitUploadJob(services, id, owner, { kind: 'path', path, name }),
  )
  return started(id, uuid, 'path', size_bytes)
}

const started = (
  id: string,
  uuid: string,
  type: PortalUploadStarted['upload_type'],
  bytes: number,
): PortalUploadStarted => ({
  job_id: id,
  status: 'queued',
  message: 'The upload has arrived and will be checked',
  estimated_duration: durationOfUpload(bytes),
  upload_type: type,
  dataset_uuid: uuid,
})

/** A form of text, whichever way it is written. */
async function textFields(request: FastifyRequest): Promise<unknown> {
  if (!request.isMultipart())
    return request.body instanceof URLSearchParams ? Object.fromEntries(request.body) : request.body
  const fields: Record<string, string> = {}
  for await (const part of formParts(() => request.parts() as AsyncIterable<FormPart>))
    if (part.type === 'field') fields[part.fieldname] = String(part.value)
    else part.file.resume()
  return fields
}
