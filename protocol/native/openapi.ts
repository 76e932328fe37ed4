/** The API description (OpenAPI 3.1), made from the table of routes and the commands' schemas: it cannot say anything else than what is served. */
import type { Access, Route } from '../http/route.ts';
import { COMMANDS_PATH, describedCommands } from './command-routes.ts';
import { problems } from './problem.ts';

const MEDIA_TYPES = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  scim: 'application/scim+json',
} as const;

export const openApiRoutes = (routes: () => readonly Route[]): readonly Route[] => {
  let paths: object | null = null;
  return [
    {
      method: 'GET',
      path: '/api/openapi.json',
      access: { kind: 'public' },
      body: 'none',
      errors: problems,
      summary: 'This description.',
      handle: ({ tenant }) => {
        paths ??= pathsOf(routes());
        return { status: 200, body: { ...HEAD, servers: [{ url: tenant.baseUrl }], paths } };
      },
    },
  ];
};

const HEAD = {
  openapi: '3.1.0',
  info: { title: 'Muniment', version: '1' },
  components: {
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer' },
      basic: { type: 'http', scheme: 'basic' },
    },
    schemas: {
      Problem: {
        type: 'object',
        properties: {
          type: { type: 'string' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string' },
          reason: { type: 'string' },
          traceId: { type: 'string' },
        },
      },
    },
  },
} as const;

function pathsOf(routes: readonly Route[]): object {
  const paths = new Map<string, Map<string, object>>();
  const add = (path: string, method: string, operation: object): void => {
    const operations = paths.get(path) ?? new Map<string, object>();
    paths.set(path, operations.set(method, operation));
  };
  for (const route of routes) {
    if (route.path === `${COMMANDS_PATH}/:type`)
      for (const [path, operation] of commandOperations()) add(path, 'post', operation);
    else add(templateOf(route.path), route.method.toLowerCase(), operationOf(route));
  }
  return Object.fromEntries([...paths].map(([path, operations]) => [path, Object.fromEntries(operations)]));
}

const templateOf = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function operationOf(route: Route): object {
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name);
  return {
    summary: route.summary,
    ...(names.length === 0
      ? {}
      : { parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })) }),
    ...(route.body === 'none'
      ? {}
      : { requestBody: { content: { [MEDIA_TYPES[route.body]]: { schema: { type: 'object' } } } } }),
    security: securityOf(route.access),
    responses: { default: { description: 'See the documentation of this interface.' } },
  };
}

/** One of the requirements suffices; the names are scopes of the token, or permissions of the user's roles. */
function securityOf(access: Access): readonly object[] {
  if (access.kind === 'public' || access.kind === 'handler') return [];
  const needed = access.kind === 'authenticated' ? [[]] : access.scopes.map((scope) => [scope]);
  return needed.flatMap((scopes) => [{ bearer: scopes }, { basic: scopes }]);
}

const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } as const;

const commandOperations = (): readonly (readonly [string, object])[] =>
  describedCommands().map(({ type, summary, permissions, input }) => [
    `${COMMANDS_PATH}/${type}`,
    {
      summary,
      operationId: type,
      requestBody: { required: true, content: { 'application/json': { schema: input } } },
      security: securityOf({ kind: 'scopes', scopes: permissions }),
      responses: {
        200: { description: 'Done, or so already.' },
        202: { description: 'Waits for an approval.' },
        default: { description: 'Refused.', content: PROBLEM },
      },
    },
  ]);
