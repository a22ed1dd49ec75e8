import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { seal, unseal } from './seal.ts'

const key = randomBytes(32)
const secrets = { accessKeyId: 'id', secretAccessKey: 'never to be seen' }

it('[E.8.7] what was sealed is opened by the same key for the same job alone', () => {
  const row = seal(key, 'upload_1', secrets)
  expect(JSON.stringify(row)).not.toContain('never')
  expect(unseal(key, 'upload_1', row)).toEqual(secrets)
  expect(() => unseal(key, 'upload_2', row)).toThrow('changed')
  expect(() => unseal(randomBytes(32), 'upload_1', row)).toThrow('LONGHAUL_SECRET_KEY')
  expect(() => unseal(undefined, 'upload_1', row)).toThrow('LONGHAUL_SECRET_KEY')
  const sealed = Buffer.from(row.sealed, 'base64')
  sealed.writeUInt8(sealed.readUInt8(40) ^ 1, 40)
  expect(() => unseal(key, 'upload_1', { ...row, sealed: sealed.toString('base64') })).toThrow(
    'changed',
  )
})

it('the same is never sealed twice alike', () => {
  expect(seal(key, 'j', secrets).sealed).not.toBe(seal(key, 'j', secrets).sealed)
})
