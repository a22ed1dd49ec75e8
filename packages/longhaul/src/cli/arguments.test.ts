import { describe, expect, it } from 'vitest'
import { durationMs, parseArguments, wholeNumber } from './arguments.ts'
import { UsageError } from './exit-code.ts'

const command = {
  options: {
    port: { type: 'string', value: 'N', help: '' },
    env: { type: 'string', multiple: true, help: '' },
    open: { type: 'boolean', help: '' },
    follow: { type: 'boolean', short: 'f', help: '' },
  },
} as const
const parse = (...args: string[]) => parseArguments(command, args)

describe('arguments', () => {
  it('are words and options in any order', () => {
    expect(
      parse('a.py', '--port', '80', '--open', 'width=1', '-f', '--env', 'A', '--env=B'),
    ).toEqual({
      words: ['a.py', 'width=1'],
      options: { port: '80', open: true, follow: true, env: ['A', 'B'] },
    })
  })

  it('after -- are words, whatever they look like', () => {
    expect(parse('--', '--port').words).toEqual(['--port'])
  })

  it.each([
    [['--prot', '80'], 'There is no option --prot; did you mean --port?'],
    [['-x'], 'There is no option -x'],
    [['--toString'], 'There is no option --toString'],
    [['--port'], '--port needs a value: --port N'],
    [['--port', '--open'], '--port needs a value: --port N'],
    [['--open=yes'], '--open takes no value, got "yes"'],
  ])('%j are refused with what is wrong', (args, message) => {
    expect(() => parse(...args)).toThrow(UsageError)
    expect(() => parse(...args)).toThrow(message)
  })

  it('that are numbers or times say how to write them', () => {
    expect(wholeNumber('port', '0')).toBe(0)
    expect(wholeNumber('port', undefined)).toBeUndefined()
    expect(() => wholeNumber('port', '80x')).toThrow(
      '--port must be a whole number of at least 0, got "80x"',
    )
    expect(() => wholeNumber('slots', '0', 1)).toThrow('at least 1')
    expect(() => wholeNumber('port', ' ')).toThrow(UsageError)
    expect(durationMs('deadline', '90s')).toBe(90_000)
    expect(() => durationMs('deadline', 'soon')).toThrow(UsageError)
  })
})
