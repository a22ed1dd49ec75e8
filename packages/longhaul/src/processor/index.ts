/** The author's side: what a processor declares and what its run is given. Pure declarations; nothing runs here. */
export {
  defineProcessor,
  isProcessor,
  type Processor,
  type ProcessorOptions,
} from './define-processor.ts'
export { defineService, type ServiceOptions } from './define-service.ts'
export { action, type Action, type ActionContext, type ActionOptions } from './action.ts'
export {
  isRenderedBytes,
  renderBytes,
  type ActionBytes,
  type RenderedBytes,
} from './rendered-bytes.ts'
export {
  file,
  isInputFile,
  isOutputFile,
  markInputFile,
  markOutputFile,
  type FileSchema,
  type InputFile,
  type OutputFile,
} from './file.ts'
export {
  ActionError,
  type ActionStatus,
  CancelledError,
  InvalidInputError,
  PermanentError,
  RetryableError,
} from './author-errors.ts'
export { describeProcessor } from './describe-processor.ts'
export { fileFieldsOf, type FileField } from './file-fields.ts'
export type {
  ActionDescription,
  OperationDescription,
  ProcessorDescription,
} from './description.ts'
export type * from './run-context.ts'
export type { InputOf, InputSpec, OutputSpec } from './schema-spec.ts'
