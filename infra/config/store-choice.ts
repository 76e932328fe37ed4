/** Where a part of the server lives: in its own files, or on the server that a connection string names. */
import { z } from 'zod';

export type EventStoreChoice =
  | { readonly kind: 'embedded' }
  /** Begins with `esdb://` or `esdb+discover://`, as clients of either make want it. */
  | { readonly kind: 'esdb'; readonly url: string };

export type DocumentStoreChoice =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'mongodb'; readonly url: string; readonly database: string };

export interface StoreChoices {
  readonly events: EventStoreChoice;
  readonly reads: DocumentStoreChoice;
  readonly transient: DocumentStoreChoice;
  readonly vault: DocumentStoreChoice;
}

export const EMBEDDED = 'embedded';
export const DATABASE_BY_DEFAULT = 'muniment';

const ESDB = /^(?:esdb|kurrentdb)(\+discover)?:\/\/([^/?#\s]+\/?(?:\?[^\s#]*)?)$/;
/** The server forbids some characters in the name of a database, and more than 63 bytes. */
const MONGODB = /^mongodb(?:\+srv)?:\/\/[^/?#\s]+(?:\/([A-Za-z0-9_-]{0,63}))?(?:\?[^\s#]*)?$/;

export const eventStoreChoice: z.ZodType<EventStoreChoice, string> = z.string().transform((text, context) => {
  if (text === EMBEDDED) return { kind: 'embedded' };
  const [, discover = '', place] = ESDB.exec(text) ?? [];
  if (place !== undefined) return { kind: 'esdb', url: `esdb${discover}://${place}` };
  context.addIssue({ code: 'custom', message: 'no event store' });
  return z.NEVER;
});

export const documentStoreChoice: z.ZodType<DocumentStoreChoice, string> = z.string().transform((text, context) => {
  if (text === EMBEDDED) return { kind: 'embedded' };
  const match = MONGODB.exec(text);
  if (match !== null) return { kind: 'mongodb', url: text, database: match[1] || DATABASE_BY_DEFAULT };
  context.addIssue({ code: 'custom', message: 'no document store' });
  return z.NEVER;
});
