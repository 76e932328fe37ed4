import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../domain/json.ts';
import { changesBetween, stateAsJson } from '../../read-api/state-json.ts';

describe('a state as JSON', () => {
  it('shows sets in order, maps as objects and big numbers as text, and leaves bookkeeping out', () => {
    const state = {
      roles: new Set(['b', 'a']),
      apis: new Map([['api', { scopes: new Set(['s']) }]]),
      size: 9_007_199_254_740_993n,
      endedRevision: 3n,
      gone: undefined,
      none: null,
    };
    expect(stateAsJson(state)).toEqual({
      roles: ['a', 'b'],
      apis: { api: { scopes: ['s'] } },
      size: '9007199254740993',
      none: null,
    });
  });

  it('[SEC-I7] keeps a key like __proto__ as a key', () => {
    const json = stateAsJson(new Map([['__proto__', 'x']])) as object;
    expect(Object.keys(json)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype);
    expect(changesBetween({}, json as Json)).toEqual([{ path: '/__proto__', to: 'x' }]);
  });
});

describe('what differs between two states', () => {
  it('names each changed member with before and after, and absence by absence', () => {
    const before = { name: 'a', attributes: { 'name.givenName': 'Ann', 'a/b~c': 1 }, roles: ['r1'], old: null };
    const after = { name: 'a', attributes: { 'name.givenName': 'Anna' }, roles: ['r1', 'r2'], new: null };
    expect(changesBetween(before, after)).toEqual([
      { path: '/attributes/name.givenName', from: 'Ann', to: 'Anna' },
      { path: '/attributes/a~1b~0c', from: 1 },
      { path: '/roles', from: ['r1'], to: ['r1', 'r2'] },
      { path: '/old', from: null },
      { path: '/new', to: null },
    ]);
  });

  it('is nothing exactly when the states are the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = value as Json;
        expect(changesBetween(json, structuredClone(json))).toEqual([]);
        expect(changesBetween({ json }, { json: [json] })).not.toEqual([]);
      }),
    );
  });
});
