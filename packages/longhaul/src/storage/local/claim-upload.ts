import { lstat, rename } from 'node:fs/promises'
import path from 'node:path'
import { fateOf, ownMark } from '../../support/process-mark.ts'
import { renameDurably } from './durable-file.ts'
import { isMissing } from './file-errors.ts'
import { dataFile, isPlaced, namesIn, type UploadFolder } from './upload-folder.ts'
import type { Plan } from './upload-plan.ts'

const prefix = 'assembled.'
/** The claim of a process that gave up: anyone may go on. */
const nobody = `${prefix}nobody`
/** Of a process in another container nothing can be seen but whether it still writes. */
const silentMs = 10 * 60 * 1000

/** Lets another process go on with what this one could not finish. */
export async function giveUp(upload: UploadFolder): Promise<void> {
  await rename(path.join(upload.path, prefix + ownMark), path.join(upload.path, nobody)).catch(
    () => {},
  )
}

/** The claim is the name of the file: a rename has one winner, and a name that holds a process comes up once only. */
export async function claim(upload: UploadFolder, plan: Plan): Promise<string | undefined> {
  const own = path.join(upload.path, prefix + ownMark)
  const found = (await namesIn(upload)).find((name) => name.startsWith(prefix))
  const from = found ?? (isPlaced(upload) ? dataFile : plan.parts[0]?.file) ?? nobody
  if (from === path.basename(own)) return own
  if (found !== undefined && found !== nobody) {
    const fate = fateOf(found.slice(prefix.length))
    if (fate === 'live') return undefined
    if (fate === 'unknown' && (await silenceMs(path.join(upload.path, found))) < silentMs)
      return undefined
  }
  try {
    await renameDurably(path.join(upload.path, from), own)
    return own
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function silenceMs(file: string): Promise<number> {
  try {
    return Date.now() - (await lstat(file)).mtimeMs
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
}
