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
  defineProcessor,
  file,
  InvalidInputError,
  PermanentError,
  RetryableError,
} from './processor/index.ts'
export type {
  Action,
  Boot,
  FileSchema,
  InputFile,
  Log,
  OutputFile,
  Outputs,
  Processor,
  ProcessorOptions,
  RunContext,
  Track,
} from './processor/index.ts'
