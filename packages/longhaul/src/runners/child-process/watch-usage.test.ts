import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { familyOf } from './process-table.ts'
import { watchUsage } from './watch-usage.ts'

const MB = 1e6
/** Fills 100 MB with something, then starts four forks of itself that read it and wait. */
const forks = `
import os, time
held = bytearray(b'x' * 100_000_000)
for _ in range(4):
    if os.fork() == 0:
        sum(held[::4096])
        time.sleep(600)
print('held', flush=True)
time.sleep(600)
`
/** Itself small; what it starts holds 200 MB. */
const starts = `
import subprocess, sys, time
subprocess.Popen([sys.executable, '-c', "held = bytearray(b'x' * 200_000_000); print('held', flush=True); import time; time.sleep(600)"])
time.sleep(600)
`

let child: ChildProcess | undefined
afterEach(() => {
  if (child?.pid) process.kill(-child.pid, 'SIGKILL')
  child = undefined
})

async function holds(program: string, memoryBytes: number) {
  const started = spawn('python3', ['-c', program], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child = started
  await once(started.stdout, 'data')
  const told: number[] = []
  const watch = watchUsage(started.pid ?? 0, {
    memoryBytes,
    onAlive: () => undefined,
    onTooMuchMemory: (bytes) => told.push(bytes),
  })
  return { told, watch }
}

it('counts what a process started as well', async () => {
  const { told, watch } = await holds(starts, 150 * MB)
  await expect.poll(() => told.length, { timeout: 10_000 }).toBe(1)
  expect(told[0]).toBeGreaterThan(200 * MB)
  watch.stop()
})

it('counts once what forks share', async () => {
  const { told, watch } = await holds(forks, 300 * MB)
  const sum = () => familyOf(child?.pid ?? 0).reduce((bytes, { rssBytes }) => bytes + rssBytes, 0)
  await expect.poll(sum, { timeout: 10_000 }).toBeGreaterThan(400 * MB)
  await sleep(500) // several looks
  expect(told).toEqual([])
  expect(watch.stop().peakRssBytes).toBeGreaterThan(400 * MB)
})
