/** What is said of an address that no route has: which methods there are (RFC 9110 §15.5.6), in the form of its door. */
import type { ErrorForm, Route } from './route.ts';

export interface Allowed {
  /** One of the routes there: the answer has its form. */
  readonly route: Route;
  /** As `Allow` lists them. */
  readonly methods: string;
}

interface Place {
  readonly segments: readonly string[];
  readonly routes: Route[];
}

/** The rest are asked about addresses, not of them. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const TENANT_PREFIX = /^\/t\/[^/]+(?=\/)/;

/** Null: nothing is at that path, or the method is not one that things are done with. */
export function allowedMethods(routes: readonly Route[]): (method: string, url: string) => Allowed | null {
  const places = new Map<string, Place>();
  for (const route of routes) {
    const place = places.get(route.path) ?? { segments: route.path.split('/'), routes: [] };
    place.routes.push(route);
    places.set(route.path, place);
  }
  const byLength = Map.groupBy(places.values(), ({ segments }) => segments.length);

  return (method, url) => {
    if (!METHODS.has(method)) return null;
    const path = url.split('?', 1).join('').replace(TENANT_PREFIX, '');
    const segments = path.split('/');
    const place = byLength.get(segments.length)?.find((candidate) => fits(candidate.segments, segments));
    const [route] = place?.routes ?? [];
    if (place === undefined || route === undefined) return null;
    return { route, methods: [...new Set(place.routes.map((known) => known.method))].join(', ') };
  };
}

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.every((part, index) => part === segments[index] || (part.startsWith(':') && segments[index] !== ''));

/** The form in which all routes below the first segment of the path word their errors; null where they differ. */
export function formsByPrefix(routes: readonly Route[]): (url: string) => ErrorForm | null {
  const forms = new Map<string, ErrorForm | null>();
  for (const { path, errors } of routes) {
    const prefix = prefixOf(path);
    const known = forms.get(prefix);
    forms.set(prefix, known === undefined || known === errors ? errors : null);
  }
  return (url) => forms.get(prefixOf(url.split('?', 1).join('').replace(TENANT_PREFIX, ''))) ?? null;
}

const prefixOf = (path: string): string => path.split('/', 2).join('/');
