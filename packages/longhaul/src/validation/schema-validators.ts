import { createRequire } from 'node:module'
import type { Ajv2020 } from 'ajv/dist/2020.js'

export interface SchemaValidators {
  /** Finds all that is wrong. */
  readonly thorough: Ajv2020
  /** For large inputs: a million wrong items must not become a million findings. */
  readonly frugal: Ajv2020
}

const options = { allErrors: true, useDefaults: true, strict: false, logger: false } as const
let made: SchemaValidators | undefined

/** Loads ajv at the first call, and not with `import`: a service that nobody has sent anything should not pay for it. */
export function schemaValidators(): SchemaValidators {
  return (made ??= load())
}

function load(): SchemaValidators {
  const require = createRequire(import.meta.url)
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')
  const addFormats = require('ajv-formats') as typeof import('ajv-formats')
  const thorough = new Ajv2020(options)
  const frugal = new Ajv2020({ ...options, allErrors: false })
  for (const ajv of [thorough, frugal]) addFormats.default(ajv)
  return { thorough, frugal }
}
