import type { FormPart } from './read-form.ts'

/**
 * `curl -F processor=thumbnail -F image=@cat.png`: the form itself names its processor. Files can only be taken once it is
 * known what they are for, so the name must come before the first file; `parts` are the others, in their order.
 */
export async function processorInForm(
  all: AsyncIterable<FormPart>,
): Promise<{ readonly name: string | undefined; readonly parts: AsyncIterable<FormPart> }> {
  const from = all[Symbol.asyncIterator]()
  const before: FormPart[] = []
  let name: string | undefined
  for (;;) {
    const step = await from.next()
    if (step.done === true) break
    const part = step.value
    if (part.type === 'field' && part.fieldname === 'processor') {
      name = String(part.value)
      break
    }
    before.push(part)
    if (part.type === 'file') break
  }
  return { name, parts: parts() }

  async function* parts(): AsyncGenerator<FormPart> {
    yield* before
    for (;;) {
      const step = await from.next()
      if (step.done === true) return
      yield step.value
    }
  }
}
