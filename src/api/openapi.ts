/** OpenAPI 3.1, printed from the contract. */
import { z } from 'zod'
import type { Route } from '../contract/route.ts'
import { type RouteName, routes } from '../contract/routes.ts'
import { problem } from '../contract/schemas.ts'

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

let printed: object | undefined

export function openApi(): object {
  printed ??= {
    openapi: '3.1.0',
    info: {
      title: 'Entrepot',
      version: '1',
      description:
        'Send `Authorization: Bearer <apiKey>`. Every POST takes an `Idempotency-Key`: repeat a request with the same key and it is done once. Lists answer `{ items, nextCursor }`.',
    },
    servers: [{ url: '/api/v1' }],
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problem, 'output') },
    },
    paths: paths(),
  }
  return printed
}

function paths(): Record<string, Record<string, unknown>> {
  const all: Record<string, Record<string, unknown>> = {}
  for (const name of Object.keys(routes) as RouteName[]) {
    const route: Route = routes[name]
    all[route.path] = { ...all[route.path], [route.method.toLowerCase()]: operation(name, route) }
  }
  return all
}

const raw = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
const csv = { 'text/csv': { schema: { type: 'string' } } }

function operation(name: string, route: Route) {
  const status = String(route.status ?? 200)
  return {
    operationId: name,
    summary: route.summary,
    security: route.permission === 'public' ? [] : [{ apiKey: [] }],
    'x-permission': route.permission,
    parameters: [
      ...parameters(route.params, 'path'),
      ...parameters(route.query, 'query'),
      ...(route.method === 'POST' && route.permission !== 'public'
        ? [{ name: 'Idempotency-Key', in: 'header', required: true, schema: { type: 'string', maxLength: 255 } }]
        : []),
    ],
    ...(route.file === 'up' ? { requestBody: { required: true, content: csv } } : {}),
    ...(route.body
      ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } } }
      : {}),
    responses: {
      [status]:
        status === '204'
          ? { description: 'Done' }
          : {
              description: 'Done',
              content:
                route.file === 'down'
                  ? csv
                  : route.file === 'raw'
                    ? raw
                    : { 'application/json': { schema: schemaOf(route.response, 'output') } },
            },
      default: {
        description: 'Refused',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function parameters(schema: z.ZodObject | undefined, where: 'path' | 'query') {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: where,
    required: where === 'path' || !(field as z.ZodType).safeParse(undefined).success,
    schema: schemaOf(field as z.ZodType, 'input'),
  }))
}
