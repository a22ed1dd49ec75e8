import { LonghaulError } from '../errors/index.ts'

/** `s3://<bucket>/<key>`: how the outside names an object of the store. */
export const uriOfKey = (bucket: string, key: string): string => `s3://${bucket}/${key}`

/** Throws 'invalid-uri' in words that clients of the older services know (five-systems Y.2, 20). */
export function keyOfUri(uri: string, bucket: string): string {
  if (!uri.startsWith('s3://')) throw new LonghaulError('invalid-uri', `Invalid S3 URI: ${uri}`)
  const rest = uri.slice('s3://'.length)
  const slash = rest.indexOf('/')
  if (slash <= 0 || slash === rest.length - 1)
    throw new LonghaulError('invalid-uri', `Invalid S3 URI format: ${uri}`)
  const named = rest.slice(0, slash)
  if (named !== bucket)
    throw new LonghaulError(
      'invalid-uri',
      `Bucket ${named} does not match configured bucket ${bucket}`,
    )
  return rest.slice(slash + 1)
}
