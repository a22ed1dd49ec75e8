import { describe, expect, it } from 'vitest'
import { storedUploads } from './index.ts'

function storage() {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  }
}
const file = (lastModified: number) => new File(['abc'], 'a.bin', { lastModified })

describe('uploads that a browser remembers', () => {
  it('are told by service, name, size and time of change', async () => {
    const memory = storedUploads(storage())
    await memory.remember('http://one', file(1), 'u1')
    expect(await memory.recall('http://one', file(1))).toBe('u1')
    expect(await memory.recall('http://two', file(1))).toBeUndefined()
    expect(await memory.recall('http://one', file(2))).toBeUndefined()
    await memory.forget('http://one', file(1))
    expect(await memory.recall('http://one', file(1))).toBeUndefined()
  })

  it('leave out what does not tell when it changed', async () => {
    const store = storage()
    const memory = storedUploads(store)
    const bytes = { name: 'a.bin', size: 3, slice: () => 'abc' }
    await memory.remember('http://one', bytes, 'u1')
    expect(store.kept.size).toBe(0)
    expect(await memory.recall('http://one', bytes)).toBeUndefined()
  })

  it('are forgotten, and nothing else happens, where storage is full or forbidden', async () => {
    const forbidden = () => {
      throw new DOMException('no', 'QuotaExceededError')
    }
    const memory = storedUploads({
      getItem: forbidden,
      setItem: forbidden,
      removeItem: forbidden,
    })
    await memory.remember('http://one', file(1), 'u1')
    await memory.forget('http://one', file(1))
    expect(await memory.recall('http://one', file(1))).toBeUndefined()
  })
})
