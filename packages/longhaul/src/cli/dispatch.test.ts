import { describe, expect, it } from 'vitest'
import { ServiceError, UnreachableError } from '@longhaul/client'
import { LonghaulError } from '../errors/index.ts'
import { commands, summaries } from './commands/index.ts'
import { dispatch } from './dispatch.ts'
import { exitCodeOf, exitCodeOfJobs, UsageError } from './exit-code.ts'

async function longhaul(...argv: string[]) {
  const shown = { out: '', err: '' }
  const code = await dispatch(argv, {
    env: { LONGHAUL_URL: 'http://127.0.0.1:1' },
    cwd: '/',
    stdout: { write: (text) => ((shown.out += String(text)), true) },
    stderr: { write: (text) => ((shown.err += String(text)), true) },
    interruption: () => new AbortController().signal,
  })
  return { code, ...shown }
}

describe('the command line', () => {
  it('explains itself when it is called with nothing', async () => {
    expect(await longhaul()).toMatchObject({ code: 2, out: '' })
    expect((await longhaul('--help')).out).toContain('serve')
  })

  it('suggests the nearest command and the nearest option', async () => {
    const unknown = await longhaul('sevre')
    expect(unknown).toMatchObject({ code: 2, out: '' })
    expect(unknown.err).toContain('did you mean longhaul serve?')
    expect((await longhaul('jobs', '--statsu', 'x')).err).toContain('did you mean --status?')
    expect((await longhaul('toString')).code).toBe(2)
  })

  it('has a page for every command, with each option of it', async () => {
    expect(Object.keys(summaries)).toEqual(Object.keys(commands))
    for (const name of Object.keys(commands)) {
      const page = await longhaul(name, '--help')
      expect(page).toMatchObject({ code: 0, err: '' })
      const { options } = await commands[name]!()
      for (const option of Object.keys(options)) expect(page.out).toContain(`--${option}`)
    }
  })

  it('says a mistake as an object too, for programs', async () => {
    const { code, out } = await longhaul('watch', '--json')
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({ v: 1, object: 'error', exit_code: 2 })
  })
})

describe('exit codes', () => {
  const service = (status: number, code?: string) =>
    new ServiceError('GET /', status, code === undefined ? {} : { code }, undefined)

  it.each([
    [new UsageError(''), 2],
    [new LonghaulError('invalid-config', ''), 2],
    [service(401, 'unauthorized'), 5],
    [service(404, 'job-not-found'), 5],
    [service(409, 'job-finished'), 5],
    [service(429, 'queue-full'), 5],
    [service(507, 'insufficient-storage'), 5],
    [service(503, 'processor-broken'), 5],
    [service(500, 'internal'), 1],
    [service(502), 69],
    [new UnreachableError('http://h', 5, undefined), 69],
    [new Error('a bug'), 1],
  ])('tell %s by %d', (error, code) => {
    expect(exitCodeOf(error)).toBe(code)
  })

  it('sum up several jobs', () => {
    expect(exitCodeOfJobs(['completed', 'completed'])).toBe(0)
    expect(exitCodeOfJobs(['failed', 'failed'])).toBe(1)
    expect(exitCodeOfJobs(['completed', 'failed'])).toBe(3)
    expect(exitCodeOfJobs(['cancelled'])).toBe(4)
    expect(exitCodeOfJobs(['cancelled', 'failed'])).toBe(1)
  })
})
