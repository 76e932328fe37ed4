/** Request parameters: each at most once, an empty one counts as not sent (RFC 6749 §3.1, §3.2). */
import type { Request } from '../http/route.ts';
import { OAuthError } from './oauth-error.ts';

/** Holds the longest token that this server makes. */
export const PARAMETER_CHARACTERS_MAX = 16_384;
/** Of what is kept until an unknown browser comes back. */
export const KEPT_PARAMETER_CHARACTERS_MAX = 4_096;
export const PARAMETERS_MAX = 64;

export type Parameters = ReadonlyMap<string, string>;

export type ParametersRefusal = { readonly repeated: string } | { readonly tooLong: string } | 'too-many';

/** The parameters, or which one cannot be read. */
export function readParameters(
  given: URLSearchParams,
  charactersMax = PARAMETER_CHARACTERS_MAX,
): { parameters: Parameters; refusal: ParametersRefusal | null } {
  const parameters = new Map<string, string>();
  let refusal: ParametersRefusal | null = given.size > PARAMETERS_MAX ? 'too-many' : null;
  for (const [name, value] of given) {
    if (parameters.has(name)) refusal ??= { repeated: name };
    if (value.length > charactersMax) refusal ??= { tooLong: name };
    parameters.set(name, value);
  }
  for (const [name, value] of parameters) if (value === '') parameters.delete(name);
  return { parameters, refusal };
}

export const refusalText = (refusal: ParametersRefusal): string =>
  typeof refusal === 'object' && 'repeated' in refusal
    ? 'Invalid request with repeated parameters.'
    : 'Invalid request with too many or too long parameters.';

/** The form that was sent; empty when there was none. */
export const formOf = ({ body }: Request): URLSearchParams =>
  body instanceof URLSearchParams ? body : new URLSearchParams();

/** The form of a token-like endpoint. */
export function formParameters(request: Request): Parameters {
  const { parameters, refusal } = readParameters(formOf(request));
  if (refusal !== null) throw new OAuthError('invalid_request', refusalText(refusal));
  return parameters;
}

/** Space-separated, each once, in order (RFC 6749 §3.3). */
export const scopesIn = (text: string | undefined): ReadonlySet<string> =>
  new Set((text ?? '').split(' ').filter((scope) => scope !== ''));
