/** The three published forms of the roles API: V3 keeps membership apart, V2 and V1 are on their way out. */
import type { Response } from '../../http/route.ts';

export type RolesVersion = 'v1' | 'v2' | 'v3';

export const rolesPath: Record<RolesVersion, string> = {
  v1: '/scim2/Roles',
  v2: '/scim2/v2/Roles',
  v3: '/scim2/v3/Roles',
};

/** Seconds since 1970: when V1 and V2 were declared deprecated, with the release that brought V3. */
const DEPRECATED_AT_S = 1_764_547_200;
/** Not before then are they taken away. */
const SUNSET = 'Fri, 31 Dec 2027 23:59:59 GMT';

/** RFC 9745 §2.1, RFC 8594 §3, and the successor (RFC 5829 §3.3). */
export function withDeprecation(version: RolesVersion, base: string, response: Response): Response {
  if (version === 'v3') return response;
  const headers = {
    ...response.headers,
    deprecation: `@${DEPRECATED_AT_S}`,
    sunset: SUNSET,
    link: `<${base}${rolesPath.v3}>; rel="successor-version"`,
  };
  return { ...response, headers };
}
