/** Connectors as the published contract shows them. Ids are the names in base64url. */
import { connectors } from '../../../domain/settings/catalogue.ts';
import type { EffectiveSettings } from '../../../domain/settings/effective-settings.ts';
import type { Connector, Setting } from '../../../domain/settings/setting.ts';

export const encodedName = (name: string): string => Buffer.from(name, 'utf8').toString('base64url');

/** Their connectors in order, by category. */
const categories: ReadonlyMap<string, readonly Connector[]> = Map.groupBy(connectors, ({ category }) => category);

const namesByCategoryId = new Map([...categories.keys()].map((name) => [encodedName(name), name]));

export const categoryName = (id: string): string | null => namesByCategoryId.get(id) ?? null;

export const connectorsIn = (category: string): readonly Connector[] => categories.get(category) ?? [];

/** Only in its own category. */
export const connectorIn = (category: string, id: string): Connector | null =>
  connectorsIn(category).find(({ name }) => encodedName(name) === id) ?? null;

export function categoryList(base: string): readonly object[] {
  return [...categories].map(([name, members]) => {
    const id = encodedName(name);
    const self = `${base}/identity-governance/${id}`;
    return {
      id,
      name,
      self,
      connectors: members.map((connector) => {
        const connectorId = encodedName(connector.name);
        return { id: connectorId, self: `${self}/connectors/${connectorId}` };
      }),
    };
  });
}

export function connectorBody(connector: Connector, settings: EffectiveSettings): object {
  const { name, friendlyName, category } = connector;
  return {
    id: encodedName(name),
    name,
    category,
    friendlyName,
    order: 0,
    subCategory: 'DEFAULT',
    properties: connector.settings.map((setting) => propertyBody(setting, settings)),
  };
}

const TYPES: Readonly<Record<Setting['kind'], string>> = { flag: 'boolean', whole: 'integer', text: 'string' };

function propertyBody({ name, kind, displayName, description }: Setting, settings: EffectiveSettings): object {
  const { value } = settings.value(name);
  return { name, value, displayName, description, meta: { type: TYPES[kind] } };
}
