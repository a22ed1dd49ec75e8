import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { processorInForm } from './processor-in-form.ts'
import type { FormPart } from './read-form.ts'

const field = (fieldname: string, value: string): FormPart => ({ type: 'field', fieldname, value })
const file = (fieldname: string): FormPart => ({
  type: 'file',
  fieldname,
  filename: 'a.png',
  mimetype: 'image/png',
  file: Readable.from([]),
})
async function* form(...parts: FormPart[]): AsyncGenerator<FormPart> {
  yield* parts
}
async function found(...parts: FormPart[]) {
  const chosen = await processorInForm(form(...parts))
  const left: string[] = []
  for await (const part of chosen.parts) left.push(part.fieldname)
  return { name: chosen.name, left }
}

it('takes the name out of the form and leaves the other fields in their order', async () => {
  expect(await found(field('width', '1'), field('processor', 'thumb'), file('image'))).toEqual({
    name: 'thumb',
    left: ['width', 'image'],
  })
})

it('finds no name after a file, and loses nothing', async () => {
  expect(await found(file('image'), field('processor', 'thumb'))).toEqual({
    name: undefined,
    left: ['image', 'processor'],
  })
})

it('finds no name in a form that has none', async () => {
  expect(await found(field('width', '1'))).toEqual({ name: undefined, left: ['width'] })
})
