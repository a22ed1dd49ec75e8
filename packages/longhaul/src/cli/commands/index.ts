import type { Command } from '../command.ts'

/** Every command in the order of the help. Its file is imported when it is called: one command starts as fast as if it were alone. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serve,
  worker: async () => (await import('./worker.ts')).worker,
  try: async () => (await import('./try.ts')).tryOnce,
  submit: async () => (await import('./submit.ts')).submit,
  watch: async () => (await import('./watch.ts')).watch,
  jobs: async () => (await import('./jobs.ts')).jobs,
  logs: async () => (await import('./logs.ts')).logs,
  cancel: async () => (await import('./cancel.ts')).cancel,
  retry: async () => (await import('./retry.ts')).retry,
  download: async () => (await import('./download.ts')).download,
  status: async () => (await import('./status.ts')).status,
  why: async () => (await import('./why.ts')).why,
  pause: async () => (await import('./queues-change.ts')).pause,
  resume: async () => (await import('./queues-change.ts')).resume,
  limit: async () => (await import('./queues-change.ts')).limit,
  drain: async () => (await import('./drain.ts')).drain,
  keys: async () => (await import('./keys.ts')).keys,
  torture: async () => (await import('./torture.ts')).torture,
}

export const summaries: Readonly<Record<keyof typeof commands, string>> = {
  serve: 'make a service of processor files',
  worker: 'run jobs of a service in a process, or on a host, of their own',
  try: 'run a processor once, without a service',
  submit: 'send a job, with its files',
  watch: 'follow jobs to their end',
  jobs: 'list jobs',
  logs: 'what an attempt wrote',
  cancel: 'stop jobs',
  retry: 'run finished jobs again',
  download: 'fetch the outputs of a job, verified',
  status: 'the state of a service, and what needs a hand',
  why: 'why a job waits, or ended as it did, and what would help',
  pause: 'start nothing more of a queue',
  resume: 'go on with a queue',
  limit: 'how many jobs of a queue, or of one owner, run at once',
  drain: 'take a worker out of service without losing work',
  keys: 'make, list and revoke keys of the API',
  torture: 'kill a service at random and check that nothing is lost',
}
