/** The public API. A processor's child process imports this file too, so nothing here may load the server. */
export { z } from 'zod'
export { createApp } from './app/create-app-lazily.ts'
export type { App, AppOptions } from './app/create-app.ts'
export { BaseProcessor, toProcessor } from './class-form/index.ts'
export type {
  Artifact,
  BinOutput,
  BinPaths,
  ClassOptions,
  GreyImage,
  JobInput,
  Row,
} from './class-form/index.ts'
export { defineOperation, type OperationCalls } from './operations/define-operation.ts'
export type { ApiRequest, AssetApi, AssetCall, OperationOptions } from './operations/operation.ts'
export {
  action,
  ActionError,
  defineProcessor,
  defineService,
  file,
  InvalidInputError,
  PermanentError,
  renderBytes,
  RetryableError,
} from './processor/index.ts'
export type {
  Action,
  ActionContext,
  ActionOptions,
  Boot,
  FileSchema,
  InputFile,
  Log,
  OutputFile,
  Outputs,
  Processor,
  ProcessorOptions,
  RunContext,
  ServiceOptions,
  Track,
} from './processor/index.ts'
