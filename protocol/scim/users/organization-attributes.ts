/** What an organization's own definitions do to what SCIM shows, finds and sorts of its users. */
import { dictionaryOf } from '../../../commands/attributes/attribute-command.ts';
import { CUSTOM_USER } from '../../../domain/users/attribute-catalogue.ts';
import { catalogueOf, type UserCatalogue } from '../../../domain/users/user-catalogue.ts';
import type { Request } from '../../http/route.ts';
import { callerOf, type ScimDoor } from '../scim-door.ts';
import { isMap, type JsonMap } from './values.ts';

export const catalogueFor = async ({ kernel }: ScimDoor, request: Request): Promise<UserCatalogue> =>
  catalogueOf(await dictionaryOf(kernel, callerOf(request).org));

/** Values of attributes that are no longer declared stay in the log and are not shown. */
export function declaredOf(catalogue: UserCatalogue, document: JsonMap): JsonMap {
  const custom = document[CUSTOM_USER];
  if (!isMap(custom)) return document;
  const declared = Object.entries(custom).filter(([name]) => catalogue.attributeAt(`${CUSTOM_USER}:${name}`) !== null);
  if (declared.length === Object.keys(custom).length) return document;
  const { [CUSTOM_USER]: _, ...rest } = document;
  return declared.length === 0 ? rest : { ...rest, [CUSTOM_USER]: Object.fromEntries(declared) };
}
