import type { FastifyRequest } from 'fastify'
import { LonghaulError } from '../errors/index.ts'
import type { FormPart } from '../jobs/index.ts'

/** Hands the parts of a form to `read`. What a refused form still sends is thrown away, so that its sender hears the answer. */
export async function readingForm<T>(
  request: FastifyRequest,
  example: string,
  read: (parts: () => AsyncIterable<FormPart>) => Promise<T>,
): Promise<T> {
  if (!request.isMultipart())
    throw new LonghaulError('unsupported-media-type', `Send a form: curl ${example}`)
  try {
    return await read(() => request.parts() as AsyncIterable<FormPart>)
  } catch (error) {
    request.raw.unpipe()
    request.raw.resume()
    throw error
  }
}
