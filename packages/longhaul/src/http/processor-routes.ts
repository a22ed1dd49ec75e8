import {
  processorList,
  processorView,
  type ActionView,
  type ProcessorSummary,
  type ProcessorView,
} from '@longhaul/protocol'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Services } from '../app/services.ts'
import { LonghaulError, toProblem } from '../errors/index.ts'
import { processorFor, publicProblem } from '../jobs/index.ts'
import type { Runner } from '../runners/runner.ts'

/** What is served, with its schemas; also what could not be loaded, with what it said. */
export const processorRoutes: FastifyPluginAsyncZod<{ services: Services }> = async (
  app,
  { services },
) => {
  app.get(
    '/processors',
    {
      schema: {
        tags: ['processors'],
        summary: 'Every processor and its state',
        response: { 200: processorList },
      },
    },
    async () => ({
      processors: [
        ...[...services.runners.values()]
          .filter(({ description }) => description.callable === undefined)
          .map(summaryOf),
        ...services.broken
          .filter(({ callable }) => callable === undefined)
          .map(({ name, detail }) => brokenSummary(name, detail)),
      ],
    }),
  )

  app.get(
    '/processors/:processor',
    {
      schema: {
        tags: ['processors'],
        summary: 'One processor: schemas, version, state of its setup',
        params: z.object({ processor: z.string() }),
        response: { 200: processorView },
      },
    },
    async (request): Promise<ProcessorView> => {
      const { processor } = request.params
      const broken = services.broken.find(({ name }) => name === processor)
      if (broken && !services.runners.has(processor)) {
        const nothing = { input: {}, output: {}, concurrency: null, timeout_seconds: null }
        return {
          ...brokenSummary(broken.name, broken.detail),
          ...nothing,
          max_attempts: 1,
          code_digest: null,
          actions: [],
        }
      }
      return viewOf(processorFor(services, processor))
    },
  )
}

function summaryOf(runner: Runner): ProcessorSummary {
  const { name, version, description, runtime } = runner.description
  const state = runner.state()
  return {
    name,
    version,
    description,
    runtime: runtime ?? null,
    state: state.kind,
    warm_ms: state.kind === 'ready' ? state.warmMs : null,
    problem: state.kind === 'broken' ? publicProblem(state.problem) : null,
    links: linksOf(name),
  }
}

function viewOf(runner: Runner): ProcessorView {
  const { input, output, concurrency, timeout_ms, max_attempts, code_digest } = runner.description
  return {
    ...summaryOf(runner),
    input: input as MutableObject,
    output: output as MutableObject,
    concurrency: concurrency ?? null,
    timeout_seconds: timeout_ms === undefined ? null : timeout_ms / 1000,
    max_attempts: max_attempts ?? 1,
    code_digest: code_digest ?? null,
    actions: runner.actions === undefined ? [] : viewsOf(runner),
  }
}

function viewsOf({ description }: Runner): ActionView[] {
  return (description.actions ?? []).map((action) => ({
    name: action.name,
    description: action.description ?? action.summary ?? null,
    methods: [...action.methods],
    path: action.path ?? null,
    url: `/processors/${description.name}/actions/${action.name}`,
    input: action.input as MutableObject,
    params: action.params as MutableObject,
    output: (action.output as MutableObject | undefined) ?? null,
    media_type: action.media_type ?? null,
    timeout_seconds: action.timeout_ms / 1000,
    max_bytes: action.max_bytes,
    respond_async: action.respond_async ?? false,
  }))
}

function brokenSummary(name: string, detail: string): ProcessorSummary {
  return {
    name,
    version: '',
    description: '',
    runtime: null,
    state: 'broken',
    warm_ms: null,
    problem: publicProblem(toProblem(new LonghaulError('processor-broken', detail))),
    links: linksOf(name),
  }
}

function linksOf(name: string): ProcessorSummary['links'] {
  const self = `/processors/${encodeURIComponent(name)}`
  return { self, run: `${self}/run`, jobs: `${self}/jobs` }
}

type MutableObject = ProcessorView['input']
