import { expect, it } from 'vitest'
import { splitWords } from './split-words.ts'
import { parseTemplate } from './program-template.ts'

it.each([
  ['a b  c', ['a', 'b', 'c']],
  [`say 'two words' "and more" end`, ['say', 'two words', 'and more', 'end']],
  [`a'b'"c"`, ['abc']],
  [`empty ''`, ['empty', '']],
  [`back\\ slash "in \\"quotes\\"" 'kept \\ here'`, ['back slash', 'in "quotes"', 'kept \\ here']],
  ['$HOME *.txt | ; &', ['$HOME', '*.txt', '|', ';', '&']],
])('splits %j', (line, words) => {
  expect(splitWords(line)).toEqual(words)
})

it('refuses a quote that is never closed', () => {
  expect(() => splitWords(`a 'b`)).toThrow("A quote ' is opened and never closed.")
})

it('reads a command line with placeholders', () => {
  const { command, args, fields } = parseTemplate(
    'ffmpeg -i {video:file} -vf scale={width:int=320}:-2 -preset {speed:slow|fast=fast} {small:out.mp4}',
  )
  expect(command).toBe('ffmpeg')
  expect(args).toEqual([
    ['-i'],
    [{ field: 'video' }],
    ['-vf'],
    ['scale=', { field: 'width' }, ':-2'],
    ['-preset'],
    [{ field: 'speed' }],
    [{ field: 'small' }],
  ])
  expect(fields).toEqual([
    { name: 'video', kind: 'file' },
    { name: 'width', kind: 'int', fallback: '320' },
    { name: 'speed', kind: 'choice', choices: ['slow', 'fast'], fallback: 'fast' },
    { name: 'small', kind: 'output', extension: '.mp4' },
  ])
})

it('leaves braces that are none of ours to the program', () => {
  const { args, fields } = parseTemplate(`awk '{print $1} {}' {in:file}`)
  expect(args[0]).toEqual(['{print $1} {}'])
  expect(fields.map(({ name }) => name)).toEqual(['in'])
})

it('lets a name be used again without its type', () => {
  expect(parseTemplate('p {n} {n:int=3} {n} {word}').fields).toEqual([
    { name: 'n', kind: 'int', fallback: '3' },
    { name: 'word', kind: 'str' },
  ])
})

it.each([
  ['', /command is empty/],
  ['{prog} a', /program itself cannot be a placeholder/],
  ['p {a:whatever}', /\{a:whatever\}: the type is file, files, int/],
  ['p {a:int=1} {a:int=2}', /declared twice/],
  ['p {a:file=x}', /a file has no default/],
  ['p x{a:files}', /argument of its own/],
])('refuses %j with a sentence', (template, message) => {
  expect(() => parseTemplate(template)).toThrow(message)
})
