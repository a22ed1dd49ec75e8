import { expect, it } from 'vitest'
import { checkRoom } from './disk-room.ts'

const store = (free: number, total: number) => ({ freeBytes: async () => ({ free, total }) })

it('leaves the smaller of 1 GiB and 2 % of the volume free', async () => {
  await checkRoom(store(500, 1000), 480)
  await expect(checkRoom(store(500, 1000), 481)).rejects.toMatchObject({
    code: 'insufficient-storage',
    facts: { needed_bytes: 481, usable_bytes: 480 },
  })
  await checkRoom(store(2 * 1024 ** 3, 1e13), 1024 ** 3)
  await expect(checkRoom(store(1024 ** 3, 1e13), 1)).rejects.toMatchObject({
    code: 'insufficient-storage',
  })
})

it('takes everything where the store cannot tell', async () => {
  await checkRoom({ freeBytes: async () => undefined }, 1e15)
})
