/** Where the portal's pages are, and how a browser is sent there. */
import type { Response } from '../http/route.ts';
import type { Tenant } from '../http/tenant.ts';

/** Published names, used by scripts and branding. */
export type PageName = 'login.do' | 'oauth2_consent.do' | 'oauth2_error.do' | 'oauth2_logout_consent.do' | 'logout.do';

/** Headers are ASCII: what is not is written as its UTF-8 bytes, as a browser would. */
const asciiAddress = (address: string): string => address.replace(/[^\x21-\x7e]+/g, (text) => encodeURIComponent(text));

export const redirectTo = (location: string): Response => ({
  status: 302,
  headers: { location: asciiAddress(location), 'cache-control': 'no-store', pragma: 'no-cache' },
  body: null,
});

export const redirectToPage = (tenant: Tenant, page: PageName, query: Readonly<Record<string, string>>): Response =>
  redirectTo(`${tenant.baseUrl}/authenticationendpoint/${page}?${new URLSearchParams(query)}`);

export function withCookie(response: Response, ...cookies: readonly (string | null)[]): Response {
  const set = cookies.filter((cookie) => cookie !== null);
  return set.length === 0 ? response : { ...response, headers: { ...response.headers, 'set-cookie': set } };
}
