import { describe, expect, it } from 'vitest';
import { SUPER_ORG_ID } from '../../domain/ids.ts';
import { activeKey, decideRetireSigningKey, signingKeyActivated, signingKeys } from '../../domain/keys/signing-keys.ts';
import { decideActivation, organizations } from '../../domain/organizations/organization.ts';
import { stateAfter, storiesOf } from '../support/decider.ts';

const activated = (kid: string, alg: 'ES256' | 'RS256' = 'ES256') => signingKeyActivated({ kid, alg, publicJwk: {} });
const { records, refuses } = storiesOf(signingKeys);

describe('signing keys', () => {
  it('sign with the newest key of an algorithm and publish the former beside it', () => {
    const state = stateAfter(signingKeys, [activated('k1'), activated('r1', 'RS256'), activated('k2')]);
    expect(activeKey(state, 'ES256')?.kid).toBe('k2');
    expect(activeKey(state, 'RS256')?.kid).toBe('r1');
    expect(state.keys.map(({ kid }) => kid)).toEqual(['k2', 'r1', 'k1']);
  });

  it('cannot be retired while they sign', () =>
    refuses(
      { given: [activated('k1')], when: (state) => decideRetireSigningKey(state, 'k1') },
      { reason: 'key-in-use' },
    ));

  it('are retired once, when superseded', () => {
    const retired = { type: 'keys.signing_key.retired.v1', data: { kid: 'k1' } };
    const rotated = [activated('k1'), activated('k2')];
    records({ given: rotated, when: (state) => decideRetireSigningKey(state, 'k1') }, [retired]);
    records({ given: [...rotated, retired], when: (state) => decideRetireSigningKey(state, 'k1') }, []);
    refuses({ given: rotated, when: (state) => decideRetireSigningKey(state, 'k9') }, { reason: 'key-not-found' });
  });
});

describe('the super organization', () => {
  const created = {
    type: 'org.organization.created.v1',
    data: { kind: 'root', parent: null, handle: 'carbon.super', name: 'Super', owner: null, administratorRole: 'r' },
  };

  it('cannot be switched off', () => {
    const state = stateAfter(organizations, [created], SUPER_ORG_ID);
    const decided = decideActivation(state, { active: false, superOrg: SUPER_ORG_ID });
    expect(decided).toEqual({ ok: false, refusal: { reason: 'super-organization-protected' } });
  });
});
