/** Filters of clients: beginnings go to the log, regular expressions are tried on what the log gives. */
import { createContext, Script } from 'node:vm';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { EventFilter } from '../../infra/event-store/event-store.ts';
import type { StoredEvent } from '../../infra/event-store/stored-log.ts';
import { invalidArgument } from './wire-error.ts';

export const REGEX_CHARACTERS_MAX = 2_000;
/** For one page of names: an expression that takes longer would hold up everybody. */
export const REGEX_MS_MAX = 100;
const WINDOW_DEFAULT = 32;
const WINDOW_MAX = 100_000;

/** What clients send to leave out the events of the system. */
const NO_SYSTEM_EVENTS = '^[^$].*';

export interface WireFilter {
  /** For the log. */
  readonly prefixes: EventFilter | null;
  /** Of a page that the log gave. */
  readonly select: (events: readonly StoredEvent[]) => readonly StoredEvent[];
  /** Events to look at between two checkpoints. */
  readonly checkpointEvents: number;
}

type FilterOptions = ReadReq.Options.FilterOptions;

const everything = (events: readonly StoredEvent[]): readonly StoredEvent[] => events;

export function parseFilter(options: FilterOptions): WireFilter {
  const onStream = options.hasStreamIdentifier();
  const expression = onStream ? options.getStreamIdentifier() : options.getEventType();
  if (expression === undefined) throw invalidArgument('a filter is of stream names or of event types');
  const checkpointEvents = checkpointEventsOf(options);
  const prefixes = expression.getPrefixList();
  if (prefixes.length > 0) {
    const filter = onStream ? { streamPrefixes: prefixes } : { typePrefixes: prefixes };
    return { prefixes: filter, select: everything, checkpointEvents };
  }
  const nameOf = onStream ? (event: StoredEvent) => event.stream : (event: StoredEvent) => event.type;
  return { prefixes: null, select: selectBy(expression.getRegex(), nameOf), checkpointEvents };
}

function checkpointEventsOf(options: FilterOptions): number {
  const window = options.getMax() > 0 ? options.getMax() : WINDOW_DEFAULT;
  return Math.min(window * Math.max(1, options.getCheckpointintervalmultiplier()), WINDOW_MAX);
}

function selectBy(source: string, nameOf: (event: StoredEvent) => string): WireFilter['select'] {
  if (source === NO_SYSTEM_EVENTS) return (events) => events.filter((event) => !/^(\$|$)/.test(nameOf(event)));
  if (source === '' || source.length > REGEX_CHARACTERS_MAX)
    throw invalidArgument(`a regular expression has 1 to ${REGEX_CHARACTERS_MAX} characters`);
  const matches = boundedRegex(source);
  return (events) => {
    if (events.length === 0) return events;
    const matched = matches(events.map(nameOf));
    return events.filter((_, index) => matched[index]);
  };
}

/** In a context of its own, because only there can a search be stopped. */
function boundedRegex(source: string): (names: readonly string[]) => readonly boolean[] {
  const sandbox: { regex: RegExp; names: readonly string[] } = { regex: compiledRegex(source), names: [] };
  const context = createContext(sandbox);
  const script = new Script('names.map((name) => regex.test(name))');
  return (names) => {
    sandbox.names = names;
    try {
      return script.runInContext(context, { timeout: REGEX_MS_MAX }) as boolean[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw invalidArgument('the regular expression takes too long');
    }
  };
}

function compiledRegex(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw invalidArgument('the regular expression cannot be read');
  }
}
