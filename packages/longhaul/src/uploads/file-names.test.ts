import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkFileNames } from './file-names.ts'

const codeFor = (...names: string[]): string | undefined => {
  try {
    checkFileNames(names)
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('file names', () => {
  it.each([
    'a.bin',
    'a/b.bin',
    'D20190402T213456_IFCB010.adc',
    'ä ö, (1) [x] #&?%.tar.gz',
    '数据/结果.csv',
    '.hidden',
    '..a',
    'a..b/c...d',
    'aux.csv',
    'x'.repeat(255),
    `${'x'.repeat(200)}/`.repeat(4) + 'y',
  ])('%s is taken as it is', (name) => {
    expect(codeFor(name)).toBeUndefined()
  })

  it.each([
    ['empty', '', /empty/],
    ['blank', '  ', /empty/],
    ['climbing', '../../x', /".."/],
    ['climbing in the middle', 'a/../../x', /".."/],
    ['a dot', './x', /"."/],
    ['absolute', '/etc/passwd', /relative name such as "passwd"/],
    ['absolute on Windows', 'C:\\data\\x.bin', /relative name such as "x.bin"/],
    ['a share', '\\\\server\\x', /absolute/],
    ['with a backslash', 'a\\b', /with \//],
    ['with NUL', 'a\0b', /control characters/],
    ['with a line feed', 'a\nb', /control characters/],
    ['with DEL', 'a\x7fb', /control characters/],
    ['with a C1 character', 'a\x85b', /control characters/],
    ['that turns text around', 'exe.\u202egnp', /direction/],
    ['half a character', 'a\ud800', /Unicode/],
    ['ending in a slash', 'a/', /without a name/],
    ['with two slashes', 'a//b', /without a name/],
    ['of 5,000 characters', 'x'.repeat(5000), /shorten/],
    ['with a segment of 256 bytes', 'é'.repeat(128), /shorten/],
    ['reserved', 'a/.longhaul/x', /reserved/],
  ])('%s: refused with what to do', (_, name, advice) => {
    expect(codeFor(name)).toBe('invalid-file-name')
    expect(() => checkFileNames([name])).toThrow(advice)
    expect(() => checkFileNames([name])).toThrow(/^.{0,300}$/)
  })

  it('may not come twice, in two spellings of Unicode neither', () => {
    expect(codeFor('a', 'b', 'a')).toBe('duplicate-file-name')
    expect(codeFor('caf\u00e9', 'cafe\u0301')).toBe('duplicate-file-name')
    expect(codeFor('a/x', 'b/x', 'A/x')).toBeUndefined()
  })

  it('may not be a file and a folder', () => {
    expect(codeFor('a', 'a/b')).toBe('invalid-file-name')
    expect(codeFor('a/b/c', 'x', 'a/b')).toBe('invalid-file-name')
    expect(codeFor('a/b', 'a/c', 'ab')).toBeUndefined()
  })

  it('that are taken stay below their folder, whatever they are', () => {
    const bit = fc.constantFrom(
      '..',
      '.',
      '/',
      'a',
      '\\',
      '\0',
      'C:',
      ' ',
      'é',
      '~',
      '%2e%2e',
      '\u2215',
    )
    fc.assert(
      fc.property(
        fc.array(bit, { maxLength: 8 }).map((bits) => bits.join('')),
        (name) => {
          if (codeFor(name) !== undefined) return
          const path = new URL(
            `file:///root/id/${name.split('/').map(encodeURIComponent).join('/')}`,
          )
          expect(path.pathname.startsWith('/root/id/')).toBe(true)
          expect(name).not.toMatch(/\0|\\|^\/|\/$/)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
