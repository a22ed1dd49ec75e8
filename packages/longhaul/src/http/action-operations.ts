import { actionUrls } from '../actions/index.ts'
import {
  fileFieldsOf,
  type ActionDescription,
  type ProcessorDescription,
} from '../processor/index.ts'
import {
  componentName,
  fileReference,
  hoist,
  problem,
  refTo,
  withFiles,
  type Operation,
  type ProcessorPaths,
  type SchemaObject,
} from './processor-operations.ts'

/** The actions of a processor as OpenAPI, with their real inputs. The path that stands twice is described once. */
export function actionPaths(description: ProcessorDescription): ProcessorPaths {
  const paths: Record<string, Record<string, Operation>> = {}
  const schemas: Record<string, SchemaObject> = {}
  for (const action of description.actions ?? []) {
    const own = operationOf(description.name, action)
    Object.assign(schemas, own.schemas)
    const [native, legacy] = actionUrls(description, action)
    for (const served of [native, legacy]) {
      if (served === undefined) continue
      const path = served.url.replaceAll(/:(\w+)/g, '{$1}')
      for (const method of action.methods)
        (paths[path] ??= {})[method.toLowerCase()] = own.operation(method, path)
    }
  }
  return { paths, schemas }
}

function operationOf(processor: string, action: ActionDescription) {
  const component = `${componentName(processor)}.${componentName(action.name)}`
  const { schema, definitions } = hoist(action.input, component)
  const uri = { type: 'string', description: '`s3://bucket/key`' }
  const json = withFiles(schema, action, { oneOf: [uri, ...fileReference.oneOf] })
  const hasFiles = fileFieldsOf(action.input).length > 0
  const form = hasFiles
    ? { [`${component}.form`]: withFiles(schema, action, { type: 'string', format: 'binary' }) }
    : {}
  const requestBody = {
    required: ((action.input['required'] ?? []) as readonly unknown[]).length > 0,
    content: {
      'application/json': { schema: refTo(`${component}.input`) },
      ...(hasFiles ? { 'multipart/form-data': { schema: refTo(`${component}.form`) } } : {}),
    },
  }
  const operation = (method: string, path: string): Operation => {
    const inQuery = method === 'GET' || method === 'DELETE'
    const ofPath = parametersOf(action.params).map((one) =>
      path.includes(`{${one.name}}`) ? { ...one, in: 'path', required: true } : one,
    )
    return {
      tags: [...(action.tags ?? [processor])],
      summary: action.summary ?? `${action.name} of ${processor}, answered at once`,
      ...(action.description === undefined ? {} : { description: action.description }),
      parameters: [
        ...ofPath,
        ...(inQuery ? parametersOf(action.input) : []),
        ...(action.respond_async ? [preferHeader] : []),
      ],
      ...(inQuery ? {} : { requestBody }),
      responses: {
        200: { description: 'The answer', content: contentOf(action) },
        ...(action.respond_async
          ? {
              202: {
                description: 'A job',
                content: { 'application/json': { schema: refTo('Job') } },
              },
            }
          : {}),
        ...(parametersOf(action.params).length > 0
          ? { 400: { ...problem, description: 'The path is not valid' } }
          : {}),
        422: { ...problem, description: 'The input is not valid' },
        503: { ...problem, description: 'As many calls wait as may; see Retry-After' },
        default: problem,
      },
    }
  }
  return { operation, schemas: { ...definitions, ...form, [`${component}.input`]: json } }
}

function contentOf({ media_type: mediaType, output }: ActionDescription) {
  if (mediaType !== undefined) return { [mediaType]: { schema: bytes } }
  return output === undefined
    ? { '*/*': { schema: bytes } }
    : { 'application/json': { schema: output } }
}

const bytes = { type: 'string', format: 'binary' }
const preferHeader = {
  in: 'header',
  name: 'Prefer',
  description: '`respond-async` makes a job',
  schema: { type: 'string' },
}

function parametersOf(schema: SchemaObject) {
  const required = (schema['required'] ?? []) as readonly string[]
  return Object.entries((schema['properties'] ?? {}) as Record<string, SchemaObject>).map(
    ([name, property]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema: property,
    }),
  )
}
