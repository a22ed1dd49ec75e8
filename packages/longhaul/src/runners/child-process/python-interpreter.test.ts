import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { pythonFor } from './python-interpreter.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'longhaul-python-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function served(firstLine = ''): string {
  const file = path.join(folder, 'algo.py')
  writeFileSync(file, `${firstLine}\ndef algo(x: int): ...\n`)
  return file
}

it('is python3 where nothing says otherwise', () => {
  expect(pythonFor(served())).toBe('python3')
  writeFileSync(path.join(folder, 'empty.py'), '')
  expect(pythonFor(path.join(folder, 'empty.py'))).toBe('python3')
})

it.each([
  ['#!/usr/bin/env python3.12', 'python3.12'],
  ['#! /opt/python/bin/python3 -u', '/opt/python/bin/python3'],
  ['#!/usr/bin/env -S python3 -u', 'python3'],
  ['#!/bin/sh', 'python3'],
  ['#!/usr/bin/env sh /python3', 'python3'],
  ['#!', 'python3'],
])('reads the first line %s as %s', (line, python) => {
  expect(pythonFor(served(line))).toBe(python)
})

it('prefers the virtual environment beside the file to its first line', () => {
  const file = served('#!/usr/bin/env python3.12')
  const environment = path.join(folder, '.venv', 'bin', 'python')
  mkdirSync(path.dirname(environment), { recursive: true })
  writeFileSync(environment, '')
  expect(pythonFor(file)).toBe(environment)
})

it("takes the operator's choice before everything else", () => {
  expect(pythonFor(served('#!/usr/bin/env python3.12'), '/usr/bin/python3.9')).toBe(
    '/usr/bin/python3.9',
  )
})
