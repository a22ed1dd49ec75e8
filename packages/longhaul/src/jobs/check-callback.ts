import type { Services } from '../app/services.ts'
import { isLonghaulError } from '../errors/index.ts'
import { invalidRequest } from '../validation/index.ts'

/** Said before a job is taken: nobody looks up a callback that never came. Throws 'invalid-request'. */
export function checkCallback(
  { outbound }: Pick<Services, 'outbound'>,
  url: string | undefined,
  place: 'body' | 'query',
): void {
  if (url === undefined) return
  try {
    outbound.check(url)
  } catch (error) {
    if (!isLonghaulError(error, 'outbound-refused')) throw error
    throw invalidRequest([
      { type: 'value_error', loc: [place, 'callback_url'], msg: error.message },
    ])
  }
}
