import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fixture, type Loose } from './http-service.ts'

/** Runs one method of the old client in a process of its own; `base` is what its user puts behind the URL. */
export const oldClientOf =
  (url: () => string) =>
  (base: string, command: string, args: object = {}): Promise<Loose> =>
    new Promise((resolve, reject) => {
      const argv = [fixture('old-client.py'), url() + base, command, JSON.stringify(args)]
      execFile('python3', argv, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
        if (stdout === '') reject(new Error(stderr, { cause: error }))
        else resolve(JSON.parse(stdout))
      })
    })

export type FilesIn = (name: string, content: string | Buffer) => string

/** Makes files, each in a folder of its own, and answers their paths. */
export function filesIn(folder: string): FilesIn {
  let files = 0
  return (name, content) => {
    const own = path.join(folder, `in-${files++}`)
    mkdirSync(own)
    writeFileSync(path.join(own, name), content)
    return path.join(own, name)
  }
}
