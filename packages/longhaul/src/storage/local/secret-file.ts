import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { LonghaulError } from '../../errors/index.ts'
import { removeQuietly, syncFolder } from './durable-file.ts'
import { codeOf, isMissing } from './file-errors.ts'

const secretBytes = 32

/** The secret of this data directory; made once, whoever comes first, and readable by its owner only. */
export async function openSecret(file: string): Promise<Buffer> {
  try {
    return await readSecret(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  await mkdir(path.dirname(file), { recursive: true })
  const temp = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  const handle = await open(temp, 'wx', 0o600)
  try {
    await handle.writeFile(`${randomBytes(secretBytes).toString('hex')}\n`)
    await handle.sync()
    // A link fails where a rename would replace: of two processes that start at once, one makes the secret.
    await link(temp, file)
    await syncFolder(path.dirname(file))
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await handle.close()
    await removeQuietly(temp)
  }
  return readSecret(file)
}

async function readSecret(file: string): Promise<Buffer> {
  const secret = Buffer.from((await readFile(file, 'utf8')).trim(), 'hex')
  if (secret.byteLength >= secretBytes) return secret
  throw new LonghaulError(
    'invalid-config',
    `The secret in ${path.basename(file)} is damaged: it must be ${secretBytes * 2} hexadecimal digits. Delete it to make a new one; URLs signed until now then stop working, and imports under way lose their credentials.`,
  )
}
