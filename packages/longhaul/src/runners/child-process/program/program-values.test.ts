import { expect, it } from 'vitest'
import type { JsonObject } from '../../../support/json.ts'
import { parseTemplate } from './program-template.ts'
import { argumentsFor, inputSchemaOf, outputSchemaOf } from './program-values.ts'

const staged = (path: string): JsonObject => ({
  name: 'a',
  path,
  uri: 's3://b/a',
  size: 1,
  sha256: '',
})
const file = { type: 'string', format: 'binary', 'x-longhaul-file': { media_type: '*/*' } }
const argumentsOf = (template: string, input: JsonObject) =>
  argumentsFor(parseTemplate(template), input, '/w/outputs')

it('describes inputs and outputs', () => {
  const template = parseTemplate(
    'p {in:file} {more:files} {n:int=3} {x:float} {loud:bool=false} {m:a|b} {t} {o:out.png} {d:out}',
  )
  expect(inputSchemaOf(template)).toEqual({
    type: 'object',
    properties: {
      in: file,
      more: { type: 'array', items: file },
      n: { type: 'integer', default: 3 },
      x: { type: 'number' },
      loud: { type: 'boolean', default: false },
      m: { type: 'string', enum: ['a', 'b'] },
      t: { type: 'string' },
    },
    required: ['in', 'more', 'x', 'm', 't'],
    additionalProperties: false,
  })
  expect(outputSchemaOf(template)).toMatchObject({
    properties: { o: file, d: file },
    required: ['o', 'd'],
  })
  expect(outputSchemaOf(parseTemplate('wc {in:file}'))).toMatchObject({ required: ['stdout'] })
})

it('fills values in, one argument each, whatever they hold', () => {
  expect(
    argumentsOf('p {in:file} --t={t} {t} {n:int=3}x {more:files} {o:out.png}', {
      in: staged('/w/inputs/0/a b.txt'),
      t: '$(rm -rf /) ; "x" \'y\' {n}',
      more: [staged('/w/1'), staged('/w/2')],
    }),
  ).toEqual([
    '/w/inputs/0/a b.txt',
    '--t=$(rm -rf /) ; "x" \'y\' {n}',
    '$(rm -rf /) ; "x" \'y\' {n}',
    '3x',
    '/w/1',
    '/w/2',
    '/w/outputs/o.png',
  ])
})

it('never lets a value become an option by accident', () => {
  expect(() => argumentsOf('ls {folder}', { folder: '-R' })).toThrow(
    /folder must not begin with "-"/,
  )
  expect(() => argumentsOf('grep -e {pattern}', { pattern: '-v' })).toThrow(
    /must not begin with "-"/,
  )
  expect(() => argumentsOf('kill {n:int}', { n: -9 })).toThrow(/must not begin with "-"/)
  expect(() => argumentsOf('ls {a}{b}', { a: '', b: '-R' })).toThrow(/must not begin with "-"/)
  expect(argumentsOf('ls --pattern={p}', { p: '-R' })).toEqual(['--pattern=-R'])
  expect(argumentsOf('cut -ss {start:float}', { start: -1.5 })).toEqual(['-ss', '-1.5'])
})

it.each([
  ['p {n:int}', { n: 1.5 }],
  ['p {n:int}', { n: '3' }],
  ['p {n:int}', {}],
  ['p {x:float}', { x: 'much' }],
  ['p {b:bool}', { b: 'yes' }],
  ['p {m:a|b}', { m: 'c' }],
  ['p {t}', { t: 'a\0b' }],
  ['p {f:file}', { f: '/etc/passwd' }],
  ['p {f:files}', { f: ['/etc/passwd'] }],
])('refuses for %s the input %j', (template, input) => {
  expect(() => argumentsOf(template, input as JsonObject)).toThrow(
    expect.objectContaining({ code: 'invalid-input' }),
  )
})

it('refuses a default that is none of its type', () => {
  for (const template of ['p {n:int=many}', 'p {n:int=1.5}', 'p {m:a|b=c}', 'p {b:bool=maybe}'])
    expect(() => inputSchemaOf(parseTemplate(template))).toThrow()
})
