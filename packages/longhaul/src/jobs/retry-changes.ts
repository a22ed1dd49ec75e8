import type { RetryRequest } from '@longhaul/protocol'
import type { Services } from '../app/services.ts'
import { invalidRequest } from '../validation/index.ts'
import type { RetryChanges } from './engine.ts'

/** What a retry asks for beyond another try, if the operator lets it. Throws 'invalid-request'. */
export function retryChanges(
  { config: { maxMemoryBytes } }: Pick<Services, 'config'>,
  { memory_bytes: memoryBytes }: Pick<RetryRequest, 'memory_bytes'> = {},
): RetryChanges {
  if (memoryBytes === undefined || memoryBytes <= maxMemoryBytes) return { memoryBytes }
  const msg = `This service gives an attempt ${maxMemoryBytes} bytes at most (LONGHAUL_MAX_MEMORY)`
  throw invalidRequest([{ type: 'less_than_equal', loc: ['body', 'memory_bytes'], msg }])
}
