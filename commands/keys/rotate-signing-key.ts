import { z } from 'zod';
import { orgId } from '../../domain/id-parsers.ts';
import {
  decideRetireSigningKey,
  decideRotateSigningKey,
  SIGNING_ALGORITHMS,
  type SigningKeyRefusal,
  type SigningKeys,
  signingKeys,
} from '../../domain/keys/signing-keys.ts';
import { accept, refuse } from '../../domain/result.ts';
import type { Command, Scope } from '../command.ts';
import { type KeyMaterial, newSigningKey, signingKeyRef } from './key-material.ts';

const rotateInput = z.strictObject({ organizationId: orgId, alg: z.enum(SIGNING_ALGORITHMS) });

/** The former key goes on verifying until it is retired, so that nothing issued a moment ago becomes invalid. */
export const rotateSigningKey: Command<z.output<typeof rotateInput>, SigningKeys, SigningKeyRefusal, KeyMaterial> = {
  type: 'RotateSigningKey',
  summary: 'Makes a new signing key; the former of its algorithm only verifies from now on.',
  input: rotateInput,
  permissions: ['internal_keystore_update'],
  aggregate: signingKeys,
  target: (given) => given.organizationId,
  facts: async (scope) => accept(await storeSigningKey(scope, scope.input.alg)),
  decide: (state, _, { key }, { id, envelope }) =>
    id === envelope.caller.org ? decideRotateSigningKey(state, key) : refuse({ reason: 'key-not-found' }),
  undo: async ({ key }, { kernel, id, envelope }) => {
    if (envelope.dryRun !== true) await kernel.vault.removeSecret(signingKeyRef(id, key.kid));
  },
};

const retireInput = z.strictObject({ organizationId: orgId, kid: z.string() });

export const retireSigningKey: Command<z.output<typeof retireInput>, SigningKeys, SigningKeyRefusal, undefined> = {
  type: 'RetireSigningKey',
  summary: 'Takes a superseded key out of the key set; what it signed no longer verifies.',
  input: retireInput,
  permissions: ['internal_keystore_update'],
  aggregate: signingKeys,
  target: (given) => given.organizationId,
  decide: (state, { kid }) => decideRetireSigningKey(state, kid),
  afterwards: async (_, __, { kernel, id, input }) => {
    await kernel.vault.removeSecret(signingKeyRef(id, input.kid));
  },
};

async function storeSigningKey(scope: Scope<unknown>, alg: (typeof SIGNING_ALGORITHMS)[number]): Promise<KeyMaterial> {
  const material = await newSigningKey(alg);
  const { kernel, envelope, id } = scope;
  if (envelope.dryRun !== true && id === envelope.caller.org) {
    await kernel.vault.putSecret(signingKeyRef(id, material.key.kid), id, material.privateKey);
  }
  return material;
}
