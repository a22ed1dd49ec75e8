import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { read, sha256Of } from '../conformance/bytes.conformance.ts'
import type { Storage } from '../object-store.ts'
import { localStorage } from './index.ts'
import { fateOf, ownMark } from '../../support/process-mark.ts'

let folder: string
let root: string
const open = (): Promise<Storage> =>
  localStorage({ root, bucket: 'test', secretFile: path.join(folder, 'secret') })

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'longhaul-folder-'))
  root = path.join(folder, 'objects')
})
afterEach(() => rm(folder, { recursive: true }))

const bytes = Buffer.from('some bytes')

describe('the folder of the local store', () => {
  it('has each object under its own name, read-only', async () => {
    const store = await open()
    await store.put('results/j/a.json', bytes)
    expect(await readFile(path.join(root, 'results/j/a.json'))).toEqual(bytes)
    expect((await stat(path.join(root, 'results/j/a.json'))).mode & 0o777).toBe(0o444)
    expect((await store.head('results/j/a.json'))?.mediaType).toBe('application/json')
  })

  it('keeps what it knows when it is opened again, and when it has moved', async () => {
    const info = await (await open()).put('a', bytes, { mediaType: 'x/y' })
    expect(await (await open()).head('a')).toEqual(info)
    await rename(root, `${root}-moved`)
    root = `${root}-moved`
    expect(await (await open()).head('a')).toEqual(info)
  })

  it('removes folders that hold nothing any more', async () => {
    const store = await open()
    await store.put('deep/er/a', bytes)
    await store.put('deep/b', bytes)
    await store.delete(['deep/er/a'])
    expect(await readdir(path.join(root, 'deep'))).toEqual(['b'])
    await store.delete(['deep/b'])
    expect(await readdir(root)).toEqual(['.longhaul'])
  })

  it('never follows a symbolic link', async () => {
    const store = await open()
    const outside = path.join(folder, 'outside')
    await mkdir(path.join(outside, 'real'), { recursive: true })
    await writeFile(path.join(outside, 'secret'), 'secret')
    await symlink(outside, path.join(root, 'out'))
    await symlink(path.join(outside, 'secret'), path.join(root, 'file'))
    await symlink(path.join(folder, 'nowhere'), path.join(root, 'dangling'))

    for (const key of ['out/secret', 'file', 'dangling']) {
      expect(await store.head(key)).toBeUndefined()
      await expect(store.get(key)).rejects.toMatchObject({ code: 'object-not-found' })
    }
    for (const key of ['out/new', 'out/real/new', 'out/fresh/new', 'dangling/new'])
      await expect(store.put(key, bytes)).rejects.toMatchObject({ code: 'invalid-file-name' })
    await store.delete(['out/secret', 'file', 'out/real'])
    expect((await store.list('', { limit: 10 })).objects).toEqual([])
    expect((await store.list('out/', { limit: 10 })).objects).toEqual([])
    expect((await readdir(outside)).sort()).toEqual(['real', 'secret'])
    expect(await readdir(path.join(outside, 'real'))).toEqual([])

    await store.put('file', bytes) // takes the place of the link, not of what it names
    expect(String(await readFile(path.join(outside, 'secret')))).toBe('secret')
  })

  it('has a file that somebody put there by hand as an object without a digest', async () => {
    const store = await open()
    await store.put('a.txt', bytes)
    await mkdir(path.join(root, 'by'))
    await writeFile(path.join(root, 'by/hand.txt'), bytes)
    const info = await store.head('by/hand.txt')
    expect(info).toMatchObject({ size: bytes.length, mediaType: 'text/plain' })
    expect(info?.sha256).toBeUndefined()
    expect(info?.etag).toMatch(/^"[^"]+"$/)
    expect(await read(store, 'by/hand.txt')).toEqual(bytes)
    expect((await store.copy('by/hand.txt', 'copy.txt')).sha256).toBe(sha256Of(bytes))

    // Over an object: what was known of the former bytes says nothing of these.
    await rm(path.join(root, 'a.txt'))
    await writeFile(path.join(root, 'a.txt'), 'other byte')
    expect((await store.head('a.txt'))?.sha256).toBeUndefined()
  })

  it('is not confused by pipes and folders in the place of objects', async () => {
    const store = await open()
    await mkdir(path.join(root, 'folder'))
    const mkfifo = spawn('mkfifo', [path.join(root, 'pipe')])
    await once(mkfifo, 'exit')
    for (const key of ['folder', 'pipe']) {
      expect(await store.head(key)).toBeUndefined()
      await expect(store.get(key)).rejects.toMatchObject({ code: 'object-not-found' })
    }
    await store.put('folder', bytes) // it was empty
    expect(await read(store, 'folder')).toEqual(bytes)
  })

  it('is swept of what dead processes left, and of nothing else', async () => {
    const store = await open()
    const tmp = path.join(root, '.longhaul/tmp')
    const child = spawn('true')
    const pid = child.pid ?? 0
    await once(child, 'exit')
    const [boot, namespace] = ownMark.split('-')
    const dead = `${boot}-${namespace}-${pid}-1-00000000`
    const ofAnotherBoot = ownMark.replace(/^[^-]+/, 'deadbeef')
    const elsewhere = `${boot}-1-${pid}-1-00000000`
    await writeFile(path.join(tmp, `${ownMark}.live`), 'x')
    await writeFile(path.join(tmp, `${dead}.file`), 'x')
    await mkdir(path.join(tmp, `${dead}.folder`))
    await writeFile(path.join(tmp, `${dead}.folder`, 'part'), 'x')
    await writeFile(path.join(tmp, `${ofAnotherBoot}.file`), 'x')
    await writeFile(path.join(tmp, `${elsewhere}.new`), 'x')
    await writeFile(path.join(tmp, `${elsewhere}.old`), 'x')
    await utimes(path.join(tmp, `${elsewhere}.old`), 1, 1)
    await store.put('a', bytes)
    await open()
    expect((await readdir(tmp)).sort()).toEqual([`${ownMark}.live`, `${elsewhere}.new`].sort())
    expect((await store.head('a'))?.sha256).toBe(sha256Of(bytes))
  })

  it('takes part in no deletion of what lives: this process is alive, an ended one is not', async () => {
    expect(fateOf(ownMark)).toBe('live')
    const child = spawn('sleep', ['60'])
    const [boot, namespace] = ownMark.split('-')
    const started = (await readFile(`/proc/${child.pid}/stat`, 'utf8'))
      .split(') ')[1]
      ?.split(' ')[19]
    const mark = `${boot}-${namespace}-${child.pid}-${started}-00000000`
    expect(fateOf(mark)).toBe('live')
    // The same number, but another process.
    expect(fateOf(mark.replace(`-${started}-`, '-1-'))).toBe('dead')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(fateOf(mark)).toBe('dead')
  })

  it('has one record per object, however often it is replaced', async () => {
    const store = await open()
    for (let n = 0; n < 5; n++) await store.put('a', Buffer.from(`version ${n}`))
    await store.copy('a', 'b')
    const records = await readdir(path.join(root, '.longhaul/records'), { recursive: true })
    expect(records.filter((name) => name.endsWith('.json'))).toHaveLength(2)
    await store.delete(['a', 'b'])
    const left = await readdir(path.join(root, '.longhaul/records'), { recursive: true })
    expect(left.filter((name) => name.endsWith('.json'))).toEqual([])
  })
})
