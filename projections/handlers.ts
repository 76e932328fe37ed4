/** Builds a projection's table of handlers, typed by the events it knows. */
import type { DomainEvent } from '../domain/event.ts';
import type { Write } from '../infra/read-store/read-store.ts';
import type { Handler } from './projection.ts';

type Known = { readonly type: string; readonly data: unknown };

export type HandlersOf<Event extends Known> = {
  readonly [Type in Event['type']]?: (
    event: DomainEvent<Type, Extract<Event, { type: Type }>['data']>,
  ) => readonly Write[];
};

export const handlersOf = <Event extends Known>(handlers: HandlersOf<Event>): ReadonlyMap<string, Handler> =>
  new Map(Object.entries(handlers) as [string, Handler][]);

/** The id in `category-id`. */
export const idIn = (event: Pick<DomainEvent, 'stream'>): string => event.stream.slice(event.stream.indexOf('-') + 1);
