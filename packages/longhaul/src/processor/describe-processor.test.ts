import { expect, it } from 'vitest'
import { defineProcessor, file, z } from '../index.ts'
import { describeProcessor } from './describe-processor.ts'
import { fileFieldsOf } from './file-fields.ts'
import type { JsonObject } from '../support/json.ts'

it('describes fields, defaults and files as JSON Schema', () => {
  const description = describeProcessor(
    defineProcessor({
      name: 'thumbnails',
      version: '1.2.0',
      description: 'Shrinks images',
      input: {
        images: file('image/*').many().describe('what to shrink'),
        mask: file('image/png').describe('where to look').optional(),
        width: z.int().min(16).default(256).describe('pixels'),
      },
      output: { made: z.int(), sheet: file('image/webp') },
      timeout: '1 h',
      concurrency: 2,
      run: ({ outputs }) => ({ made: 1, sheet: outputs.path('sheet.webp') }),
    }),
  )
  expect(description).toEqual({
    name: 'thumbnails',
    version: '1.2.0',
    description: 'Shrinks images',
    max_attempts: 1,
    runner: 'process',
    timeout_ms: 3_600_000,
    concurrency: 2,
    input: {
      type: 'object',
      properties: {
        images: {
          type: 'array',
          description: 'what to shrink',
          items: { type: 'string', format: 'binary', 'x-longhaul-file': { media_type: 'image/*' } },
        },
        mask: {
          type: 'string',
          format: 'binary',
          'x-longhaul-file': { media_type: 'image/png' },
          description: 'where to look',
        },
        width: { type: 'integer', minimum: 16, default: 256, description: 'pixels' },
      },
      required: ['images'],
      additionalProperties: false,
    },
    output: {
      type: 'object',
      properties: {
        made: { type: 'integer' },
        sheet: {
          type: 'string',
          format: 'binary',
          'x-longhaul-file': { media_type: 'image/webp' },
        },
      },
      required: ['made', 'sheet'],
      additionalProperties: {},
    },
  })
  const fields = fileFieldsOf(description['input'] as JsonObject)
  expect(fields.map(({ name, many, required }) => [name, many, required])).toEqual([
    ['images', true, true],
    ['mask', false, false],
  ])
})

it('leaves what JSON Schema cannot say to the processor', () => {
  const description = describeProcessor(
    defineProcessor({
      name: 'even',
      input: { width: z.int().refine((width) => width % 2 === 0, 'must be even') },
      run: () => undefined,
    }),
  )
  expect(description).toMatchObject({
    input: { properties: { width: { type: 'integer' } } },
    output: {},
  })
})

it('refuses names of media types that are none', () => {
  expect(() => file('.png')).toThrow(/media type like/)
})
