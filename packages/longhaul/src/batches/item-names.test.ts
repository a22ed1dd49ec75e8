import { expect, it } from 'vitest'
import { itemNames } from './item-names.ts'

it('keeps a relative path as it is', () => {
  expect(itemNames()('scans/a/0412.tif')).toBe('scans/a/0412.tif')
})

it('gives each item a name of its own', () => {
  const nameOf = itemNames()
  expect(['a.tif', 'a.tif', 'b.tif', 'a.tif'].map(nameOf)).toEqual([
    'a.tif',
    'a.tif~2',
    'b.tif',
    'a.tif~3',
  ])
})

it('never makes one item the folder of another', () => {
  const nameOf = itemNames()
  expect(['a', 'a/b', 'c/d', 'c'].map(nameOf)).toEqual(['a', 'a_b', 'c/d', 'c~2'])
})

it.each([
  ['../../etc/passwd', 'etc/passwd'],
  ['/abs//x/', 'abs/x'],
  ['C:\\scans\\a.tif', 'C_/scans/a.tif'],
  ['a\u0000b', 'a_b'],
  ['..', 'item'],
  ['', 'item'],
])('makes a relative path of %j', (wanted, name) => {
  expect(itemNames()(wanted)).toBe(name)
})
