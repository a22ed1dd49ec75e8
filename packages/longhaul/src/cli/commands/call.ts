import type { ActionAnswer } from '@longhaul/client'
import type { ActionView, ProcessorView } from '@longhaul/protocol'
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { didYouMean } from '../../support/nearest.ts'
import { defineCommand, serviceOptions, type Context } from '../command.ts'
import { exitCode, UsageError } from '../exit-code.ts'
import { bytes as sizeOf } from '../format/quantity.ts'
import { shortId } from '../format/job-line.ts'
import { readInputWords, type InputWords } from '../input-words.ts'
import { openService, processorNameOf, waitSignal } from '../service.ts'

export const call = defineCommand({
  name: 'call',
  usage: 'PROCESSOR ACTION [name=value] [name=@path]…',
  summary: 'Asks an action of a processor; the answer is there at once, and no job is made.',
  more: `Text and JSON go to stdout, anything else into a file. name=@path sends a file with the call; name=s3://… is one that the service
has already. Without an action: what there is.

longhaul call image-convert convert source_uri=@cells.png target_format=webp --out cells.webp`,
  options: {
    ...serviceOptions,
    out: { type: 'string', value: 'FILE', help: 'where the answer goes, instead of stdout' },
    async: { type: 'boolean', help: 'make a job of it, where the action allows that' },
  },
  async run({ words: [first, second, ...words], options, ...context }) {
    const { output, cwd } = context
    const client = openService(context, options)
    const processor = await client.processor(await processorNameOf(client, first))
    if (second === undefined) return listActions(processor, context)
    const action = actionOf(processor, second)
    const method = action.methods[0] ?? 'POST'
    const [params, rest] = split(words, action)
    const input = await readInputWords(rest, action.input, cwd)
    const answer = await client.call(processor.name, action.name, await withFiles(input), {
      method,
      params: (await readInputWords(params, action.params, cwd)).values as Record<string, string>,
      respondAsync: options.async === true,
      signal: waitSignal(context, undefined),
    })
    if (answer.job !== undefined) {
      output.data(answer.job.job_id)
      output.object('job', answer.job)
      output.say(`  longhaul watch ${shortId(answer.job.job_id)}`)
      return exitCode.done
    }
    if (options.async === true) output.say(`  ${action.name} makes no jobs; this is its answer`)
    await show(answer, action, options.out, context)
    return exitCode.done
  },
})

function listActions({ name, actions }: ProcessorView, { output }: Context) {
  if (actions.length === 0) throw new UsageError(`${name} has no actions`)
  for (const action of actions) {
    output.data(action.name)
    output.object('action', action)
  }
  return exitCode.done
}

function actionOf({ name, actions }: ProcessorView, wanted: string): ActionView {
  const found = actions.find((one) => one.name === wanted)
  if (found) return found
  const names = actions.map((one) => one.name)
  throw new UsageError(
    `${name} has no action ${wanted}${didYouMean(wanted, names) || `; it has ${names.join(', ') || 'none'}`}`,
  )
}

/** What stands in the path is said like any other input. */
function split(words: readonly string[], { params }: ActionView): [string[], string[]] {
  const inPath = new Set(Object.keys((params['properties'] ?? {}) as object))
  const isParam = (word: string) => inPath.has(/^[^=:]+/.exec(word)?.[0] ?? '')
  return [words.filter(isParam), words.filter((word) => !isParam(word))]
}

async function withFiles({ values, files }: InputWords): Promise<Record<string, unknown>> {
  const input: Record<string, unknown> = { ...values }
  for (const [name, { many, named }] of Object.entries(files)) {
    const sent = await Promise.all(
      named.map(async (file) =>
        'uri' in file
          ? file.uri
          : new File([await openAsBlob(file.path)], path.basename(file.path)),
      ),
    )
    input[name] = many ? sent : sent[0]
  }
  return input
}

async function show(
  answer: ActionAnswer,
  { name }: ActionView,
  out: string | undefined,
  { output, cwd }: Context,
): Promise<void> {
  const [, kind = '', subtype = ''] = /^(\w+)\/(?:x-)?([\w-]+)/.exec(answer.mediaType) ?? []
  const bytes = await answer.bytes()
  const isText = subtype === 'json' || kind === 'text'
  if (isText && out === undefined) {
    const text = new TextDecoder().decode(bytes)
    output.data(text)
    output.object('answer', { media_type: answer.mediaType, text })
    return
  }
  const file = path.resolve(cwd, out ?? `${name}.${subtype || 'bin'}`)
  await writeFile(file, bytes)
  output.data(path.relative(cwd, file) || file)
  output.object('answer', { path: file, media_type: answer.mediaType, size_bytes: bytes.length })
  output.say(`  ${answer.mediaType}, ${sizeOf(bytes.length)}`)
}
