/**
 * The port to the read models: documents of declared collections, written only by projections, searched by a small
 * filter tree that both SQL and MongoDB can answer from indexes.
 */
import type { Json } from '../../domain/json.ts';
import type { Position } from '../event-store/position.ts';

export const PAGE_SIZE_MAX = 1000;
/** Comparisons and connectives in one filter; more is a `RangeError`. */
export const FILTER_TERMS_MAX = 500;

/** How a field may be searched. Every declared field supports `eq`, `ne`, `in`, `present`, comparison and sort. */
export interface Field {
  /** Dotted path in the document: `userName`, `emails.value`. Segments are own keys; `\.` escapes a dot inside one. */
  readonly path: string;
  readonly kind: 'text' | 'number' | 'boolean' | 'instant';
  /** The path runs through an array. */
  readonly many?: true;
  /** Text compares by case-folded NFKC form unless set. */
  readonly caseExact?: true;
  /** `contains` and `suffix` are answered from a trigram index. */
  readonly contains?: true;
}

/** A family of fields known only at run time: every scalar below `path` is searchable (exact, prefix, comparison). */
export interface DynamicFields {
  readonly path: string;
}

export interface Collection {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly dynamic?: DynamicFields;
}

/** Tenant and organization stand in every document: no query crosses them unseen. */
export interface Document {
  readonly id: string;
  readonly tenant: string;
  readonly org: string;
  readonly [key: string]: Json;
}

/** What a projection asks for; each safe to apply twice. */
export type Write =
  | { readonly kind: 'put'; readonly collection: string; readonly document: Document }
  /** Sets and removes paths of an existing document; a missing document is left missing. */
  | {
      readonly kind: 'patch';
      readonly collection: string;
      readonly id: string;
      readonly set?: { readonly [path: string]: Json };
      readonly unset?: readonly string[];
    }
  | { readonly kind: 'remove'; readonly collection: string; readonly id: string };

export type Scalar = string | number | boolean;

/** Close to SCIM's grammar (RFC 7644 §3.4.2.2). On a field with many values a comparison holds if one value satisfies it. */
export type Filter =
  | { readonly op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'; readonly path: string; readonly value: Scalar }
  | { readonly op: 'in'; readonly path: string; readonly values: readonly Scalar[] }
  | { readonly op: 'prefix' | 'suffix' | 'contains'; readonly path: string; readonly value: string }
  | { readonly op: 'present'; readonly path: string }
  | { readonly op: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly op: 'not'; readonly filter: Filter }
  /** One element of the array at `path` satisfies the whole filter; its paths are relative to the element. */
  | { readonly op: 'any'; readonly path: string; readonly filter: Filter };

export interface Sort {
  readonly path: string;
  readonly direction: 'ascending' | 'descending';
}

export interface Query {
  readonly collection: string;
  readonly tenant: string;
  /** Without it: all organizations of the tenant. */
  readonly org?: string;
  readonly filter?: Filter;
  /**
   * By the value as it compares (text folded unless `caseExact`, by code point), of many values by the first; ties by id,
   * in the same direction. Default is by id alone. Absent values sort last in both directions.
   */
  readonly sort?: Sort;
  /** At most {@link PAGE_SIZE_MAX}. */
  readonly limit: number;
  /** Offset paging. */
  readonly offset?: number;
  /** Keyset paging: the sort key of the edge row, as given by a former page. Not together with `offset`. */
  readonly after?: PageKey;
  readonly before?: PageKey;
  /** Count all matches. */
  readonly total?: true;
}

/** Sort value and id of an edge row. Doors seal it before they give it out. */
export interface PageKey {
  readonly value: Scalar | null;
  readonly id: string;
}

export interface Page {
  readonly documents: readonly Document[];
  readonly total: number | null;
  /** Key of the last row when more follow. */
  readonly next: PageKey | null;
  /** Key of the first row when rows precede. */
  readonly previous: PageKey | null;
}

/** Unknown collection or a path that the collection does not declare. A door maps it to its own 400. */
export class UnsearchableField extends Error {
  readonly path: string;

  constructor(collection: string, path: string) {
    super(`collection ${collection} has no searchable field ${path}`);
    this.name = 'UnsearchableField';
    this.path = path;
  }
}

export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  readonly position: Position | null;
  readonly state: 'live' | 'catching-up' | 'rebuilding' | 'parked';
  /** While rebuilding: share of the log read, 0 to 1. */
  readonly progress?: number;
  readonly parked?: {
    readonly position: Position;
    readonly eventId: string;
    readonly eventType: string;
    readonly error: string;
  };
}

/** The reading side; any number of readers. */
export interface ReadStore {
  find(collection: string, tenant: string, id: string): Promise<Document | null>;
  findMany(collection: string, tenant: string, ids: readonly string[]): Promise<readonly Document[]>;
  query(query: Query): Promise<Page>;
  /** Waits until every projection that feeds the collection has passed the position. */
  waitFor(collection: string, position: Position, timeoutMs: number): Promise<'reached' | 'behind'>;
  status(): Promise<readonly ProjectionStatus[]>;
  close(): Promise<void>;
}

/** The writing side, for the projection engine alone. */
export interface ReadStoreWriter {
  /** Opens (or creates) the tables of one projection's generation. */
  open(projection: {
    name: string;
    version: number;
    collections: readonly Collection[];
    logIdentity: string;
    /** Token of the lease under which it is written: who comes with a smaller one writes nothing any more. */
    fence?: number;
  }): Promise<ProjectionTables>;
}

/** One projection's collections in one generation. */
export interface ProjectionTables {
  readonly checkpoint: Position | null;
  /** Made by another version, or for other collections, than asked for: serves readers until one beside it is promoted. */
  readonly stale: boolean;
  /** What the last run could not handle; null once writing went on. */
  readonly parked: ProjectionStatus['parked'] | null;
  /** Writes and checkpoint in one transaction. */
  apply(writes: readonly Write[], checkpoint: Position): Promise<void>;
  /** The error is kept beside the checkpoint until a retry succeeds. */
  park(parked: NonNullable<ProjectionStatus['parked']>): Promise<void>;
  /** A fresh generation beside this one, for a rebuild. */
  beside(): Promise<ProjectionTables>;
  /** Makes this generation the one that readers see, and drops the former. */
  promote(): Promise<void>;
  /** Writes back everything the files still hold of removed documents: after erasure no byte of them is left. */
  forget(): Promise<void>;
  status(state: Pick<ProjectionStatus, 'state' | 'progress'>): Promise<void>;
}
