import { expect, it } from 'vitest'
import { distinctNames, nameOfDisposition, nameOfPath, safeName } from './safe-name.ts'

it('a name that somebody else chose becomes one file of one folder', () => {
  expect(safeName('../../etc/passwd')).toBe('passwd')
  expect(safeName('C:\\Windows\\win.ini')).toBe('win.ini')
  expect(safeName('..')).toBe('downloaded_file')
  expect(safeName('.longhaul')).toBe('longhaul')
  expect(safeName('a\u0000b\u202egpj.exe\n')).toBe('abgpj.exe')
  expect(safeName(undefined)).toBe('downloaded_file')
  const long = safeName(`${'ä'.repeat(300)}.tar.gz`)
  expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200)
  expect(long.endsWith('.gz')).toBe(true)
})

it('Content-Disposition tells a name, in each of its spellings', () => {
  expect(nameOfDisposition('attachment; filename="a \\"b\\".txt"')).toBe('a "b".txt')
  expect(nameOfDisposition('attachment; filename=plain.txt; size=3')).toBe('plain.txt')
  expect(nameOfDisposition("attachment; filename=x; filename*=UTF-8''na%C3%AFve.txt")).toBe(
    'naïve.txt',
  )
  expect(nameOfDisposition("attachment; filename=x.txt; filename*=UTF-8''%ff")).toBe('x.txt')
  expect(nameOfDisposition('inline')).toBeUndefined()
  expect(nameOfPath('/a/b%20c.nc')).toBe('b c.nc')
})

it('the second of one name gets a number', () => {
  const distinct = distinctNames()
  expect(['d/a.txt', 'd/a.txt', 'd/A.txt', 'a'].map(distinct)).toEqual([
    'd/a.txt',
    'd/a (2).txt',
    'd/A (3).txt',
    'a',
  ])
})
