import { createClient, isServiceError } from '@longhaul/client'
import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { forgetProfile, profileFile, readProfile, writeProfile } from '../profile.ts'
import { readSecret } from '../read-secret.ts'
import { waitSignal } from '../service.ts'

export const login = defineCommand({
  name: 'login',
  usage: 'URL | --forget',
  summary: 'Remembers a service and its key, for every command that talks to one.',
  more: `The key is asked for on a terminal, or read as a line from stdin; else --token or LONGHAUL_TOKEN. Nothing is written unless the
service answers to it. The file is yours alone (0600): $XDG_CONFIG_HOME/longhaul/profile.json. --url and LONGHAUL_URL win over it, and its
key is sent to no other address.

longhaul login https://jobs.example.org < key.txt`,
  options: {
    token: serviceOptions.token,
    forget: { type: 'boolean', help: 'remove what is remembered' },
  },
  async run({ words: [url, ...others], options, ...context }) {
    const { env, output } = context
    if (options.forget === true) {
      const known = readProfile(env)
      await forgetProfile(env)
      output.say(known === undefined ? '  nothing was remembered' : `  ${known.url} is forgotten`)
      return exitCode.done
    }
    if (url === undefined || others.length > 0)
      throw new UsageError('Which service? longhaul login URL')
    const address = addressOf(url)
    const given = options.token ?? (env['LONGHAUL_TOKEN'] || undefined)
    const token =
      given ?? (await readSecret('Key (none: just Enter): ', waitSignal(context, undefined)))
    const profile = { url: address, ...(token === undefined ? {} : { token }) }
    const owner = await check(profile)
    const file = await writeProfile(env, profile)
    output.object('login', { url: address, file, key: token !== undefined })
    output.say(`  ${address} it is${owner}. Remembered in ${profileFile(env)}`)
    return exitCode.done
  },
})

function addressOf(url: string): string {
  try {
    return createClient({ url }).url
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** Asks for something that needs a key, so that a wrong one is known now. */
async function check(profile: { readonly url: string; readonly token?: string }): Promise<string> {
  try {
    await createClient(profile).jobs({ limit: 1 })
  } catch (error) {
    if (isServiceError(error, 'unauthorized') && profile.token === undefined)
      error.message = `${profile.url} needs a key; its operator makes one with longhaul keys create`
    throw error
  }
  return profile.token === undefined ? ', without a key' : ''
}
