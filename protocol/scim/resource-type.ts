/**
 * What one kind of resource is to SCIM. Routes, lists, cursors, searches, bulk operations and discovery are made from
 * this, so that a further kind needs no more than its description and its handlers.
 */
import type { Document, Page, ReadStore } from '../../infra/read-store/read-store.ts';
import type { PageRequest, ReadScope } from '../../read-api/documents.ts';
import type { Request, Response } from '../http/route.ts';
import type { Compiled } from './filter/compile.ts';
import type { ScimDoor } from './scim-door.ts';
import type { Selection } from './selection.ts';
import type { Vocabulary } from './vocabulary.ts';

export type Handler = (door: ScimDoor, request: Request) => Promise<Response> | Response;

/** Scopes by what is done; one of them suffices. */
export type VerbScopes = Readonly<Record<'create' | 'update' | 'delete', readonly string[]>>;

export interface ResourceType {
  /** `User`: name and id of the resource type. */
  readonly name: string;
  /** `/Users`, below `/scim2`. */
  readonly endpoint: string;
  readonly description: string;
  readonly vocabulary: Vocabulary;
  readonly scopes: VerbScopes & Readonly<Record<'list' | 'view', readonly string[]>>;
  readonly bulk: {
    /** The endpoint, and further paths under which published clients address it. */
    readonly paths: readonly string[];
    /** Beside the scope for every kind of resource. */
    readonly scopes: VerbScopes;
  };
  readonly list: ListPart;
  /** Reachable by its routes and in bulk, but neither named among the resource types nor found at the root. */
  readonly unlisted?: true;
  /**
   * Answers carry `ETag` and `Location`; changes look at `If-Match` and `If-None-Match` and are one command each, all or
   * nothing. The id is the parameter `id`. `list` and `search` are made from {@link ListPart} where they are not given.
   */
  readonly handlers: Readonly<Record<'create' | 'get' | 'replace' | 'patch' | 'remove', Handler>> &
    Readonly<Partial<Record<'list' | 'search', Handler>>>;
}

/** How many of one kind are found and shown. */
export interface ListPart {
  /** Order of pages where nobody asks for another; a searchable path. */
  readonly defaultSort: string;
  /** Path to sort by; null: there is none. Without it the vocabulary says. */
  sortPath?(by: string, place: Place): Promise<string | null> | string | null;
  /** A filter that needs more than the vocabulary: names are looked up, members are found. */
  filterOf?(place: Place, filter: FilterText): Promise<Compiled>;
  page(readStore: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page>;
  /** In the order of the documents. */
  presented(place: Place, documents: readonly Document[], shown: Shown): Promise<readonly object[]> | readonly object[];
}

/** For whom a list is made, and from what. */
export interface Place {
  readonly door: ScimDoor;
  readonly request: Request;
}

export interface FilterText {
  readonly text: string;
  /** Told of names that this kind does not have, which are attributes without a value then; without it they are refused. */
  readonly onUnknown?: (path: string) => void;
}

/** What of each resource is to be shown: looked up in the vocabulary, and as it was named. */
export interface Shown {
  readonly selection: Selection | null;
  readonly attributes: readonly string[];
  readonly excludedAttributes: readonly string[];
}
