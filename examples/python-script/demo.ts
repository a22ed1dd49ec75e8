/**
 * `npm run demo:python`: an unmodified Python script becomes a service, and then a bash one-liner does. A transcript of a minute;
 * every sentence with a tick was checked, exit code 1 when one was not true. The same as a page: `demo-out/python-script/index.html`.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { commandOf, cpuSecondsOf, descendantsOf } from '../demo-kit/processes.ts'
import { startService, type Service } from '../demo-kit/service.ts'
import { cancel, follow, jobOf, onlyOutput, submitForm, untilUnderWay } from './jobs.ts'
import { makeNoisyPgm } from './noisy-image.ts'
import { writePage } from './page.ts'
import { createTranscript } from './transcript.ts'

const here = import.meta.dirname
/** SIGTERM comes so long after the request: code that listens ends before it, SIGKILL follows 3 s later. */
const graceMs = 3000
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: path.resolve(here, '../../demo-out/python-script') },
  },
})
const transcript = createTranscript()
/** Shown on the page, by caption. */
const pictures = new Map<string, Buffer>()
const { heading, command, answer, claim } = transcript

if (spawnSync('python3', ['--version']).status !== 0) {
  console.log('skipped: there is no python3 on this host')
  process.exit(0)
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'longhaul-python-'))
try {
  await python(path.join(folder, 'python'))
  await bash(path.join(folder, 'bash'))
} catch (error) {
  console.error(error)
  claim('the demo runs to its end', false)
} finally {
  await rm(folder, { recursive: true, force: true })
}
const { untrue } = transcript
heading(untrue.length === 0 ? 'verdict: all of it is true' : `verdict: ${untrue.length} NOT TRUE`)
const page = await writePage(values.out, transcript.text, pictures)
console.log(`\n  look at  ${path.relative(process.cwd(), page)}`)
process.exitCode = untrue.length === 0 ? 0 : 1

async function python(work: string): Promise<void> {
  await mkdir(work)
  const noisy = makeNoisyPgm(256, 192, 3)
  await writeFile(path.join(work, 'noisy.pgm'), noisy)
  heading('A script as it lies on the disk: no import of longhaul, a tqdm bar, typed parameters')
  const source = await readFile(path.join(here, 'smooth.py'), 'utf8')
  answer(source.slice(source.indexOf('def smooth('), source.indexOf('def smooth_row')).trim())

  command('longhaul serve smooth.py crunch.py')
  await serving(
    [path.join(here, 'smooth.py'), path.join(here, 'crunch.py')],
    path.join(work, 'data'),
    async (service) => {
      const { url } = service
      await showForm(url, 'smooth')

      heading('One curl line is a job; the bar of the script is its progress')
      const smooth = `${url}/processors/smooth/jobs`
      const fields = { image: '@noisy.pgm', passes: '120' }
      const jobId = await submitForm(smooth, fields, work, transcript)
      const { types, progress } = await follow(url, jobId, transcript)
      const counted = progress.map(({ done }) => done ?? 0)
      claim('the job completed', types.at(-1) === 'completed')
      claim(
        'its bar was read from stderr while it ran, and ended at 120/120',
        counted.some((done) => done > 0 && done < 120) && counted.at(-1) === 120,
      )
      const { bytes } = await onlyOutput(url, jobId, transcript)
      command('python3 smooth.py noisy.pgm 120    # the same by hand')
      await promisify(execFile)('python3', [path.join(here, 'smooth.py'), 'noisy.pgm', '120'], {
        cwd: work,
      })
      const byHand = await readFile(path.join(work, 'smooth.pgm'))
      claim('the service and the script by hand made the same bytes', bytes.equals(byHand))
      pictures.set('noisy.pgm', noisy).set('smooth.pgm, after 120 passes', bytes)

      heading('Cancel, in Python code')
      const long = { image: '@noisy.pgm', passes: '1000000' }
      const endless = await submitForm(smooth, long, work, transcript)
      await untilUnderWay(url, endless, true)
      const asked = await cancel(service, endless, 'smooth.py', transcript)
      claim(
        `cancelled; its process was gone ${ms(asked.goneMs)} after the request`,
        asked.status === 'cancelled' && asked.processes > 0 && asked.goneMs < graceMs,
      )

      heading('Cancel, inside one call into C that would take days: sum(range(10**13))')
      const crunch = `${url}/processors/crunch`
      const spinning = await submitForm(`${crunch}/jobs`, { n: String(1e13) }, work, transcript)
      await untilUnderWay(url, spinning, false)
      await burning(service, 'crunch.py')
      const killed = await cancel(service, spinning, 'crunch.py', transcript)
      claim(
        `cancelled; no Python code runs to hear it, so after ${graceMs / 1000} s of grace the signal's default: ` +
          `gone ${ms(killed.goneMs - graceMs)} later`,
        killed.status === 'cancelled' &&
          killed.processes > 0 &&
          killed.goneMs >= graceMs - 100 &&
          killed.goneMs < 2 * graceMs,
      )
      const next = await submitForm(`${crunch}/jobs`, { n: '1000' }, work, transcript)
      await follow(url, next, transcript)
      const { result } = await jobOf(url, next)
      answer(JSON.stringify(result))
      claim('the next job runs in a new process', JSON.stringify(result) === '{"total":499500}')
    },
  )
}

async function bash(work: string): Promise<void> {
  await mkdir(work)
  const lines = Array.from({ length: 60 }, (_, index) => `line ${index + 1} of the sample`)
  await writeFile(path.join(work, 'sample.txt'), lines.map((line) => `${line}\n`).join(''))
  heading('The same with a bash one-liner, in no language that longhaul knows')
  const program = [
    'bash -c "n=$(wc -l <$0); while read -r line; do rev <<<$line; i=$((i+1));',
    String.raw`echo reverse: $((100*i/n))%\\|x\\| $i/$n >&2; sleep $1; done <$0 >$2"`,
    '{text:file} {pause=0.03} {reversed:out.txt}',
  ].join(' ')
  command(`longhaul serve --name reverse --run '${program}'`)
  const args = ['--name', 'reverse', '--run', program]
  await serving(args, path.join(work, 'data'), async (service) => {
    const { url } = service
    await showForm(url, 'reverse')
    const reverse = `${url}/processors/reverse/jobs`
    const jobId = await submitForm(reverse, { text: '@sample.txt' }, work, transcript)
    const { types, progress } = await follow(url, jobId, transcript)
    claim('the job completed', types.at(-1) === 'completed')
    claim('its bar was progress too', progress.at(-1)?.done === 60)
    const { bytes } = await onlyOutput(url, jobId, transcript)
    const expected = lines.map((line) => `${[...line].reverse().join('')}\n`).join('')
    claim('every line is reversed', bytes.toString('utf8') === expected)

    const slow = { text: '@sample.txt', pause: '3600' }
    const sleeping = await submitForm(reverse, slow, work, transcript)
    await untilUnderWay(url, sleeping, true)
    const asked = await cancel(service, sleeping, 'sleep', transcript)
    claim(
      `cancelled; its child, a sleep of an hour, was gone ${ms(asked.goneMs)} after the request`,
      asked.status === 'cancelled' && asked.processes > 0 && asked.goneMs < 2 * graceMs,
    )
  })
}

/** Serves, does the work, stops, and claims that nothing is left. */
async function serving(
  args: readonly string[],
  dataDir: string,
  work: (service: Service) => Promise<void>,
): Promise<void> {
  const service = await startService(args, { dataDir })
  try {
    answer(`screen ${service.url}   API /docs`)
    await work(service)
  } finally {
    const left = await service.stop()
    claim('the service stopped and left no process behind', left.length === 0)
  }
}

/** The inputs of a processor as `GET /processors/{name}` says them: what forms, flags and clients are made of. */
async function showForm(url: string, name: string): Promise<void> {
  const response = await fetch(`${url}/processors/${name}`)
  const { description, input } = (await response.json()) as {
    description?: string
    input: {
      properties: Record<string, { type?: string; format?: string; default?: unknown }>
      required?: string[]
    }
  }
  heading(`Its form, from the types: ${url}/processors/${name}`)
  if (description && !description.startsWith('bash')) answer(description.split('\n')[0]!)
  for (const [field, schema] of Object.entries(input.properties)) {
    const type = schema.format === 'binary' ? 'file' : (schema.type ?? '')
    const need = input.required?.includes(field) ? 'required' : `default ${String(schema.default)}`
    answer(`  ${field.padEnd(8)} ${type.padEnd(8)} ${need}`)
  }
  claim('there is a form', Object.keys(input.properties).length > 0)
}

/** Waits until a process of the service has used CPU time for a while: it is in its loop. */
async function burning({ pid }: Service, program: string): Promise<void> {
  const before = new Map<number, number>()
  for (let waited = 0; waited < 10_000; waited += 50) {
    for (const one of await descendantsOf(pid)) {
      if (!commandOf(one).includes(program)) continue
      const used = cpuSecondsOf(one)
      const first = before.get(one.pid) ?? used
      before.set(one.pid, first)
      if (used - first > 0.3) return
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${program} does not burn`)
}

function ms(value: number): string {
  return `${Math.max(0, Math.round(value))} ms`
}
