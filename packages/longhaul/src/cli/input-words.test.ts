import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UsageError } from './exit-code.ts'
import { readInputWords } from './input-words.ts'

const file = { type: 'string', format: 'binary', 'x-longhaul-file': { media_type: 'image/*' } }
const schema = {
  type: 'object',
  properties: {
    image: file,
    images: { type: 'array', items: file },
    width: { type: 'integer' },
    text: { type: 'string' },
    exact: { type: 'boolean' },
    mode: { enum: ['fast', 'exact'] },
    level: { enum: [1, 2] },
    sizes: { type: 'array', items: { type: 'number' } },
    maybe: { anyOf: [{ type: 'number' }, { type: 'null' }] },
    free: {},
  },
  required: ['image'],
}
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-words-'))
  for (const name of ['b.tif', 'a.tif', 'c.png']) await writeFile(path.join(folder, name), 'x')
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const read = (...words: string[]) => readInputWords(words, schema, folder)

describe('words of an input', () => {
  it('get the types of their fields', async () => {
    const { values } = await read(
      'image=@c.png',
      'width=128',
      'text=128',
      'exact=true',
      'mode=fast',
      'level=2',
      'sizes=1',
      'sizes=2.5',
      'maybe=null',
      'free=@home',
    )
    expect(values).toEqual({
      width: 128,
      text: '128',
      exact: true,
      mode: 'fast',
      level: 2,
      sizes: [1, 2.5],
      maybe: null,
      free: '@home',
    })
  })

  it('may be JSON as it stands, and hold any character', async () => {
    const { values } = await read(
      'image=@c.png',
      'sizes:=[1,2]',
      'free:={"a":[1]}',
      'text=a=b:=c\nd',
    )
    expect(values).toEqual({ sizes: [1, 2], free: { a: [1] }, text: 'a=b:=c\nd' })
    expect((await read('image=@c.png', 'sizes=[3]')).values).toEqual({ sizes: [3] })
  })

  it('name files of this folder, several by a pattern, or what the service has', async () => {
    const { files } = await read('image=@c.png', 'images=@*.tif', 'images=s3://b/k')
    expect(files).toEqual({
      image: { many: false, named: [{ path: path.join(folder, 'c.png') }] },
      images: {
        many: true,
        named: [
          { path: path.join(folder, 'a.tif') },
          { path: path.join(folder, 'b.tif') },
          { uri: 's3://b/k' },
        ],
      },
    })
  })

  it.each([
    [['image=@c.png', 'widht=1'], 'There is no input widht; did you mean width?'],
    [['image=@c.png', 'zzzzzz=1'], 'there is image, images, width'],
    [['image=@c.png', 'width=wide'], 'width must be int, got "wide"'],
    [['image=@c.png', 'width=1', 'width=2'], 'width is given 2 times'],
    [['image=c.png'], 'image is a file; write image=@c.png'],
    [['image=@a.tif', 'image=@b.tif'], 'image is one file, got 2'],
    [['image=@c.png', 'images=@*.bmp'], 'no file matches *.bmp'],
    [['image=@c.png', 'free:={'], 'free:= takes JSON'],
    [['c.png'], 'c.png is no input; write name=value, or name=@path for a file'],
    [['width=1'], 'Input is missing: image=@FILE'],
  ])('%j are refused before anything is sent', async (words, message) => {
    const error = await read(...words).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UsageError)
    expect((error as Error).message).toContain(message)
  })
})
