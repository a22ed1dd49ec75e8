import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite, type SqliteDatabase } from '../../database/index.ts'
import { isLonghaulError } from '../../errors/index.ts'
import {
  claimUpTo,
  completed,
  jobOf,
  leaseOf,
  newJob,
  settleOne,
  submitted,
  until,
  worker,
} from '../engine-conformance/harness.ts'
import { sqliteEngine } from './index.ts'

const megabyte = 2 ** 20
const folder = mkdtempSync(path.join(tmpdir(), 'longhaul-full-'))
const canMount = ((): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder])
    return true
  } catch {
    rmSync(folder, { recursive: true })
    process.stderr.write(
      'skipped: a disk that is really full needs the right to mount a small file system\n',
    )
    return false
  }
})()

describe.runIf(canMount)('on a full disk', () => {
  let database: SqliteDatabase
  const reserve = path.join(folder, 'reserve')
  const junk = path.join(folder, 'junk')
  beforeEach(async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder])
    database = await openSqlite({
      ...{ path: path.join(folder, 'x.db'), statements: {}, reserveBytes: 3 * megabyte },
    })
    await until(async () => (existsSync(reserve) ? true : undefined))
  })
  afterEach(async () => {
    await database.close()
    execFileSync('umount', [folder])
    rmSync(folder, { recursive: true })
  })
  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  }

  it('refuses new jobs, settles, cancels and removes those that are there, and recovers', async () => {
    const engine = sqliteEngine(database)
    const [first = '', second = '', third = ''] = await submitted(
      engine,
      newJob(),
      newJob(),
      newJob(),
    )
    const [one, two] = await claimUpTo(engine, 2)
    writeFileSync(junk, Buffer.alloc((await freeBytes()) - 64 * 1024))
    const big = () => newJob({ params: { input: { text: 'x'.repeat(100_000) } } })
    const isFull = (error: unknown) => isLonghaulError(error, 'insufficient-storage')

    await until(() =>
      engine.submit([big()]).then(
        () => undefined,
        (error) => (isFull(error) ? true : Promise.reject(error as Error)),
      ),
    )
    // The one that met the full disk went through on the reserve; from then on they are refused.
    expect(existsSync(reserve)).toBe(false)
    await expect(engine.submit([big()])).rejects.toSatisfy(isFull)
    await expect(engine.checkRoom('ann', 1)).rejects.toSatisfy(isFull)

    expect((await engine.touch(worker, [{ lease: leaseOf(one) }]))[0]?.verdict).toBe('held')
    expect(await settleOne(engine, leaseOf(one), completed)).toBe('settled')
    expect(
      (await engine.requestCancel([second, third], { scope: 'everyone' })).map(({ kind }) => kind),
    ).toEqual(['requested', 'cancelled'])
    expect(await settleOne(engine, leaseOf(two), { kind: 'cancelled' })).toBe('settled')
    await engine.remove([first])
    expect((await jobOf(engine, third)).state).toBe('cancelled')

    rmSync(junk)
    await until(async () => (await engine.submit([newJob()]).catch(() => undefined)) && true)
    expect(statSync(reserve).size).toBe(3 * megabyte)
  })
})
