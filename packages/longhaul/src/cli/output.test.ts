import { describe, expect, it } from 'vitest'
import { createOutput } from './output.ts'

function terminal({ tty = false, quiet = false, json = false } = {}) {
  const shown = { out: '', err: '' }
  let time = 0
  const output = createOutput({
    stdout: { write: (text) => ((shown.out += String(text)), true), isTTY: tty },
    stderr: { write: (text) => ((shown.err += String(text)), true), isTTY: tty, columns: 20 },
    quiet,
    json,
    now: () => time,
  })
  return { output, shown, later: (ms: number) => (time += ms) }
}

describe('output', () => {
  it('puts data on stdout and words on stderr', () => {
    const { output, shown } = terminal()
    output.data('j_1')
    output.object('job', { job_id: 'j_1' })
    output.say('queued')
    expect(shown).toEqual({ out: 'j_1\n', err: 'queued\n' })
  })

  it('is one versioned object a line with --json, and nothing else', () => {
    const { output, shown } = terminal({ json: true })
    output.data('j_1')
    output.object('job', { job_id: 'j_1', kind: 'processor' })
    expect(shown.out).toBe('{"v":1,"object":"job","job_id":"j_1","kind":"processor"}\n')
  })

  it('keeps complaints when it is quiet', () => {
    const { output, shown } = terminal({ quiet: true, tty: true })
    output.say('words')
    output.live('a bar')
    output.complain('longhaul: no')
    expect(shown.err).toBe('longhaul: no\n')
  })

  it('redraws a bar in place on a terminal, cut to its width, and leaves no trace', () => {
    const { output, shown, later } = terminal({ tty: true })
    output.live('1 of 9')
    later(50)
    output.live('2 of 9') // too soon: a terminal that flickers is read by nobody
    later(60)
    output.live('3 of 9, and more than fits')
    output.settle()
    output.say('done')
    expect(shown.err).toBe('  1 of 9\r\x1b[2K  3 of 9, and more \r\x1b[2Kdone\n')
  })

  it('says a line each 30 s where there is no terminal, and none of short work', () => {
    const { output, shown, later } = terminal()
    output.live('1 of 9')
    later(29_999)
    output.live('2 of 9')
    expect(shown.err).toBe('')
    later(1)
    output.live('3 of 9')
    expect(shown.err).toBe('  3 of 9\n')
    output.settle()
    output.live('1 of 2')
    expect(shown.err).toBe('  3 of 9\n')
  })
})
