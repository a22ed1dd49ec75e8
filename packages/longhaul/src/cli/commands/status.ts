import { defineCommand, serviceOptions } from '../command.ts'
import { exitCode } from '../exit-code.ts'
import { statusBlock } from '../format/status-block.ts'
import { attentionOf } from '../operator/attention.ts'
import { lookAt } from '../operator/look.ts'
import { openService } from '../service.ts'

export const status = defineCommand({
  name: 'status',
  usage: '',
  summary:
    'The state of a service on one screen; what needs a hand comes first, each with a command.',
  more: `Queues: waiting, running of how many slots, silent, waiting to try again, share failed and times of the last 24 hours.
Ends with 0 when nothing needs a hand, else with 1: put it into a check.`,
  options: serviceOptions,
  async run({ options, ...context }) {
    const { output } = context
    const look = await lookAt(openService(context, options))
    const attention = attentionOf(look)
    output.object('status', { ...look, attention })
    for (const line of statusBlock(look, attention)) output.data(line)
    return attention.length === 0 ? exitCode.done : exitCode.failed
  },
})
