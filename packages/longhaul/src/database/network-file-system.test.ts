import { expect, it } from 'vitest'
import { mountTypeOf } from './network-file-system.ts'

const mounts = [
  '/dev/sda1 / ext4 rw 0 0',
  'server:/export /data nfs4 rw 0 0',
  '/dev/sdb1 /data/local xfs rw 0 0',
  'server:/lab /mnt/our\\040lab cifs rw 0 0',
  '',
].join('\n')

it('finds the mount that holds a path, not one that merely starts like it', () => {
  expect(mountTypeOf(mounts, '/home/me')).toBe('ext4')
  expect(mountTypeOf(mounts, '/data/jobs')).toBe('nfs4')
  expect(mountTypeOf(mounts, '/data')).toBe('nfs4')
  expect(mountTypeOf(mounts, '/database')).toBe('ext4')
  expect(mountTypeOf(mounts, '/data/local/x')).toBe('xfs')
  expect(mountTypeOf(mounts, '/mnt/our lab/x')).toBe('cifs')
})

it('takes the later of two mounts at one place', () => {
  expect(mountTypeOf(`${mounts}\nserver:/ / nfs rw 0 0`, '/home')).toBe('nfs')
})
