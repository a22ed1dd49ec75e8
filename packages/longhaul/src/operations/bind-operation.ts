import type { Processor } from '../processor/index.ts'
import { carryOut } from './carry-out.ts'
import { operationOf } from './define-operation.ts'
import type { OperationHost } from './operation.ts'

/** Gives a processor that is an operation what only the service has; any other stays as it is. */
export function bindOperation(
  processor: Processor,
  hostOf: (name: string) => OperationHost,
): Processor {
  const operation = operationOf(processor)
  if (operation === undefined) return processor
  const host = hostOf(operation.name)
  return { ...processor, run: (ctx) => carryOut(operation, host, ctx) }
}
