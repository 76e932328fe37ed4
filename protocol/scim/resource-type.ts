/**
 * What one kind of resource is to SCIM. Routes, lists, cursors, searches, bulk operations and discovery are made from
 * this, so that a further kind needs no more than its description and its handlers.
 */
import type { Document, Page, ReadStore } from '../../infra/read-store/read-store.ts';
import type { PageRequest, ReadScope } from '../../read-api/documents.ts';
import type { Request, Response } from '../http/route.ts';
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
  readonly list: {
    /** Order of pages where nobody asks for another; a searchable path. */
    readonly defaultSort: string;
    page(readStore: ReadStore, scope: ReadScope, request: PageRequest): Promise<Page>;
    presented(document: Document, baseUrl: string, selection: Selection | null): object;
  };
  /**
   * Answers carry `ETag` and `Location`; changes look at `If-Match` and `If-None-Match` and are one command each, all or
   * nothing. The id is the parameter `id`.
   */
  readonly handlers: Readonly<Record<'create' | 'get' | 'replace' | 'patch' | 'remove', Handler>>;
}
