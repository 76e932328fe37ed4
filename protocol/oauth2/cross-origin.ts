/** Which web pages may read an answer (CORS): those of the client that proved itself, by exact origin. */
import type { Application } from '../../domain/applications/application.ts';
import type { Request, Response } from '../http/route.ts';

const PREFLIGHT_MAX_AGE_S = '600';

/** An answer for a known client: its own origins may read it. */
export function crossOrigin(request: Request, application: Application | null, response: Response): Response {
  const { origin } = request.headers;
  if (origin === undefined) return response;
  const allowed = application?.oidc?.allowedOrigins.includes(origin) === true;
  const headers = { ...response.headers, vary: 'Origin' };
  return allowed ? { ...response, headers: { ...headers, ...readableBy(origin) } } : { ...response, headers };
}

const readableBy = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'WWW-Authenticate',
});

/** Whether any client of the tenant registered the origin: a preflight cannot say which client will follow. */
export type KnownOrigin = (tenant: string, origin: string) => Promise<boolean>;

export const preflight =
  (isKnown: KnownOrigin) =>
  async (request: Request): Promise<Response> => {
    const { origin } = request.headers;
    const known = origin !== undefined && (await isKnown(request.tenant.id, origin));
    const headers = known
      ? {
          ...readableBy(origin),
          'access-control-allow-methods': 'GET, POST',
          'access-control-allow-headers': 'Authorization, Content-Type',
          'access-control-max-age': PREFLIGHT_MAX_AGE_S,
        }
      : {};
    return { status: 204, headers: { ...headers, vary: 'Origin' }, body: null };
  };

/** Documents that are the same for everybody. */
export const READABLE_BY_ALL = { 'access-control-allow-origin': '*' } as const;
