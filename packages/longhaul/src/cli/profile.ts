import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import type { Environment } from '../app/config.ts'
import { UsageError } from './exit-code.ts'

const profile = z.object({ url: z.string(), token: z.string().optional() })
/** The service that `longhaul login` remembered. */
export type Profile = z.infer<typeof profile>

export function profileFile(env: Environment): string {
  const config = env['XDG_CONFIG_HOME'] || path.join(env['HOME'] || homedir(), '.config')
  return path.join(config, 'longhaul', 'profile.json')
}

export function readProfile(env: Environment): Profile | undefined {
  const file = profileFile(env)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  try {
    return profile.parse(JSON.parse(text))
  } catch {
    throw new UsageError(`${file} is damaged; longhaul login URL writes it anew`)
  }
}

/** Readable by this user only, and at no moment by others: it holds a key. */
export async function writeProfile(env: Environment, wanted: Profile): Promise<string> {
  const file = profileFile(env)
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const temp = `${file}.${randomBytes(4).toString('hex')}`
  await writeFile(temp, `${JSON.stringify(wanted, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
  await chmod(temp, 0o600) // whatever the umask took away
  await rename(temp, file)
  return file
}

export const forgetProfile = (env: Environment): Promise<void> =>
  rm(profileFile(env), { force: true })
