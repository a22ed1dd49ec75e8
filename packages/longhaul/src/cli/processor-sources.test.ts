import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processorSources } from './processor-sources.ts'

let folder: string
beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(tmpdir(), 'longhaul-sources-')))
  await writeFile(path.join(folder, 'thumbs.py'), '')
  const installed = path.join(folder, 'node_modules', '@lab', 'segment')
  await mkdir(installed, { recursive: true })
  await writeFile(
    path.join(installed, 'package.json'),
    '{ "type": "module", "exports": "./main.js" }',
  )
  await writeFile(path.join(installed, 'main.js'), '')
})
afterAll(() => rm(folder, { recursive: true, force: true }))
const sources = (words: string[], program = {}) => processorSources(words, program, folder)

describe('what is served', () => {
  it('is a file, or the entry of an installed module', async () => {
    expect(await sources(['thumbs.py', '@lab/segment'])).toEqual([
      { kind: 'file', path: path.join(folder, 'thumbs.py') },
      { kind: 'file', path: path.join(folder, 'node_modules/@lab/segment/main.js') },
    ])
  })

  it('is a program, called by its own name unless it is given one', async () => {
    const template = '/usr/bin/ffmpeg -i {video:file} {small:out.mp4}'
    const program = { kind: 'program', template, cwd: folder }
    expect(await sources([], { template })).toEqual([{ ...program, name: 'ffmpeg' }])
    expect(await sources([], { template, name: 'small' })).toEqual([{ ...program, name: 'small' }])
    const limited = { ...program, name: 'ffmpeg', memoryBytes: 4e9 }
    expect(await sources([], { template, memory: '4 GB' })).toEqual([limited])
  })

  it.each([
    [[], {}, 'Which processor?'],
    [['nowhere.py'], {}, 'There is no file nowhere.py in '],
    [['@lab/nothing'], {}, 'There is no file @lab/nothing in '],
    [['node_modules'], {}, 'node_modules is a folder'],
    [['thumbs.py'], { name: 'x' }, '--name names the program of --run'],
    [['thumbs.py'], { memory: '1 GB' }, '--memory limits the program of --run'],
    [[], { template: ' ' }, '--run needs a program'],
    [[], { template: 'cp {a:file}', memory: 'much' }, '--memory: "much" is no size'],
  ])('%j with %j is refused', async (words, program, message) => {
    await expect(sources(words, program)).rejects.toThrow(message)
  })
})
