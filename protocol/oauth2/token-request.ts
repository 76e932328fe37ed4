/** A request of an authenticated client at the token endpoint. */
import type { Client } from '../../commands/applications/client-directory.ts';
import type { Request } from '../http/route.ts';
import type { Parameters } from './parameters.ts';

export interface TokenRequest {
  readonly request: Request;
  readonly parameters: Parameters;
  readonly client: Client;
}
