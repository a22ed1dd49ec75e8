/** In the child: answers calls. What is said goes over fd 4 as ever, the bytes of answers over fd 5 as they are. */
import { Socket } from 'node:net'
import type { Processor } from '../../../processor/index.ts'
import type { Channel } from '../../author-context/channel.ts'
import { toErrorMessage } from '../../author-context/error-message.ts'
import { runAction } from '../../author-context/run-action.ts'
import type { CallMessage } from '../../messages.ts'

type Answer = (message: CallMessage, signal: AbortSignal) => Promise<void>

/** Written without blocking: a call whose reader is slow can still be told to stop. */
export function openAnswers(processor: Processor, warm: unknown, channel: Channel): Answer {
  const bytes = new Socket({ fd: 5, readable: false, writable: true })
  bytes.on('error', () => process.exit(0)) // nobody reads any more
  const write = (chunk: Uint8Array): Promise<void> =>
    new Promise((resolve) => bytes.write(chunk, () => resolve()))

  return async (message, signal) => {
    const end = await runAction({ processor, warm, message, channel, signal })
    if (end.type === 'error') return channel.send(end)
    const { head, body } = end
    if (body instanceof Uint8Array) {
      channel.send({ type: 'answer', ...head, length: body.length })
      return write(body)
    }
    channel.send({ type: 'answer', ...head })
    try {
      for await (const part of body) {
        signal.throwIfAborted()
        const chunk = typeof part === 'string' ? Buffer.from(part) : part
        channel.send({ type: 'chunk', length: chunk.length })
        await write(chunk)
      }
      channel.send({ type: 'answered' })
    } catch (error) {
      channel.send(toErrorMessage(error, signal))
    }
  }
}
