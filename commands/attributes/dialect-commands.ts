/** Dialects, and what they call the local claims. */
import {
  type DialectRefusal,
  decideAddDialect,
  decideMapClaim,
  decideRemapClaim,
  decideRemoveDialect,
  decideRenameDialect,
  decideUnmapClaim,
} from '../../domain/attributes/decide-dialects.ts';
import {
  type AttributeCommand,
  attributeCommand,
  type OfOrganization,
  ofOrganization,
  text,
} from './attribute-command.ts';

const CREATE = 'internal_claim_meta_create';
const UPDATE = 'internal_claim_meta_update';
const DELETE = 'internal_claim_meta_delete';

type DialectCommand<Input> = AttributeCommand<OfOrganization & Input, DialectRefusal>;

export const addClaimDialect: DialectCommand<{ uri: string }> = attributeCommand({
  type: 'AddClaimDialect',
  summary: 'Adds a dialect, in which claims have names of their own.',
  input: ofOrganization({ uri: text }),
  permission: CREATE,
  decide: (dictionary, { uri }) => decideAddDialect(dictionary, uri),
});

export const renameClaimDialect: DialectCommand<{ uri: string; to: string }> = attributeCommand({
  type: 'RenameClaimDialect',
  summary: 'Changes the URI of a dialect; the names in it stay.',
  input: ofOrganization({ uri: text, to: text }),
  permission: UPDATE,
  decide: (dictionary, { uri, to }) => decideRenameDialect(dictionary, uri, to),
});

export const removeClaimDialect: DialectCommand<{ uri: string }> = attributeCommand({
  type: 'RemoveClaimDialect',
  summary: 'Removes a dialect with all names in it.',
  input: ofOrganization({ uri: text }),
  permission: DELETE,
  decide: (dictionary, { uri }) => decideRemoveDialect(dictionary, uri),
});

type Mapping = { readonly dialect: string; readonly uri: string; readonly claim: string };
const mapping = { dialect: text, uri: text, claim: text };

export const mapClaim: DialectCommand<Mapping> = attributeCommand({
  type: 'MapClaim',
  summary: 'Gives a local claim a name in a dialect.',
  input: ofOrganization(mapping),
  permission: CREATE,
  decide: (dictionary, { dialect, uri, claim }) => decideMapClaim(dictionary, { dialect, uri, claim }),
});

export const remapClaim: DialectCommand<Mapping> = attributeCommand({
  type: 'RemapClaim',
  summary: 'Lets a name in a dialect stand for another local claim.',
  input: ofOrganization(mapping),
  permission: UPDATE,
  decide: (dictionary, { dialect, uri, claim }) => decideRemapClaim(dictionary, { dialect, uri, claim }),
});

export const unmapClaim: DialectCommand<Omit<Mapping, 'claim'>> = attributeCommand({
  type: 'UnmapClaim',
  summary: 'Removes a name from a dialect.',
  input: ofOrganization({ dialect: text, uri: text }),
  permission: DELETE,
  decide: (dictionary, { dialect, uri }) => decideUnmapClaim(dictionary, { dialect, uri }),
});
