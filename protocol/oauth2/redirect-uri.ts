/** Whether a client registered an address: the same string, except for the port of a loopback address (RFC 8252 §7.3). */
import type { Application } from '../../domain/applications/application.ts';
import { isOwnPath } from '../../domain/applications/application.ts';
import type { Tenant } from '../http/tenant.ts';

const LOOPBACK = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/[^#\\\s]*)?$/;

export function isRegistered(tenant: Tenant, application: Application, uri: string): boolean {
  const callbacks = application.oidc?.callbackUrls ?? [];
  return callbacks.some((callback) => {
    // The server's own applications move with its public address.
    const registered = isOwnPath(callback) ? tenant.baseUrl + callback : callback;
    return registered === uri || isSameLoopback(registered, uri);
  });
}

function isSameLoopback(registered: string, uri: string): boolean {
  const [, host, path] = LOOPBACK.exec(registered) ?? [];
  const [, givenHost, givenPath] = LOOPBACK.exec(uri) ?? [];
  return host !== undefined && host === givenHost && path === givenPath;
}

/** Origin, or scheme of an application's own: what a page's `form-action` must name to lead there. */
export function formTarget(uri: string): string {
  const { origin, protocol, hostname } = new URL(uri);
  // A policy cannot name an IPv6 address, nor a host with signs that end a directive.
  return origin === 'null' || /^\[|[;,']/.test(hostname) ? protocol : origin;
}
