import { mkdir, statfs, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act } from '../act.ts'
import { hasEnded, type Night } from '../night.ts'
import type { Volume } from '../volume.ts'

const MiB = 1024 ** 2

/** Results of jobs that are gone fill the disk. */
export async function fullDisk(night: Night, volume: Volume): Promise<Act> {
  const left = await fill(night.dataDir, volume.floorBytes)
  await sleep(1500) // workers look at their disk once a second
  const job = await night.submit('thumbs', { width: 64 })
  const why = await night.typeUntil(/too little room on its disk/, 20_000, 'why', job)
  const answer = await night.type('doctor')
  const waiting = await night.job(job)
  const cured = await night.cure('gc', '--yes')
  const free = await freeBytes(night.dataDir)
  return {
    title: 'The disk is full',
    trouble: `${Math.round(left.bytes / MiB)} MiB of results that belong to no job fill ${volume.kind}`,
    question: `longhaul why ${job}; longhaul doctor`,
    answer: `${why.text}\n\n${answer.text}`,
    cure: 'longhaul gc --yes',
    checks: [
      {
        says: 'why says that the disk is what the job waits for, and nothing was started',
        holds: /too little room on its disk/.test(why.text) && waiting.attempt === 0,
      },
      {
        says: 'doctor finds the lack of room and how much of it belongs to nobody',
        holds:
          answer.code === 1 &&
          /✗ +room/.test(answer.text) &&
          new RegExp(`leftovers +${left.files} of`).test(answer.text),
      },
      {
        says: 'gc gave the room back',
        holds: cured.code === 0 && free - left.freeBefore >= left.bytes - MiB,
      },
      {
        says: 'the job then ran',
        holds: (await night.jobWhen(job, hasEnded)).status === 'completed',
      },
    ],
  }
}

/** Writes until less than half of the floor is free; a floor of 64 MiB leaves enough for what runs. */
async function fill(dataDir: string, floorBytes: number) {
  const chunk = Buffer.alloc(4 * MiB, 'x')
  const longAgo = new Date(Date.now() - 3 * 24 * 3600 * 1000)
  let files = 0
  while ((await freeBytes(dataDir)) > floorBytes / 2) {
    const folder = path.join(dataDir, 'objects/results', `j_forgotten${files}`)
    await mkdir(folder, { recursive: true })
    const file = path.join(folder, 'masks.bin')
    await writeFile(file, chunk)
    await utimes(file, longAgo, longAgo)
    files++
  }
  return { files, bytes: files * chunk.length, freeBefore: await freeBytes(dataDir) }
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
