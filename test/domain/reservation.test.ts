import { describe, expect, it } from 'vitest';
import { evolveReservation, free, normalised, type Reservation } from '../../domain/uniqueness/reservation.ts';

const claimed = (claimId: string, state: 'pending' | 'held') => ({
  type: 'uniqueness.value.claimed.v1',
  data: { owner: 'u1', ownerStream: 'user-u1', claimId, state, until: '2026-01-01T00:00:00.000Z' },
});
const confirmed = (claimId: string) => ({ type: 'uniqueness.value.confirmed.v1', data: { claimId } });
const released = (claimId: string) => ({ type: 'uniqueness.value.released.v1', data: { claimId, reason: 'owner' } });
const after = (...facts: Parameters<typeof evolveReservation>[1][]): Reservation =>
  facts.reduce(evolveReservation, free);

describe('a reservation', () => {
  it('is held once its pending claim is confirmed', () => {
    expect(after(claimed('c1', 'pending'), confirmed('c1'))).toMatchObject({ state: 'held', owner: 'u1' });
  });

  it('is not confirmed or released by another claim', () => {
    expect(after(claimed('c1', 'pending'), confirmed('c2'))).toMatchObject({ state: 'pending' });
    expect(after(claimed('c1', 'held'), released('c2'))).toMatchObject({ state: 'held' });
  });

  it('is free after its release', () => {
    expect(after(claimed('c1', 'held'), released('c1'))).toEqual(free);
  });
});

describe('[SEC-B6] one normal form', () => {
  it.each([
    ['Kim', 'kim'],
    ['kim ', 'kim'],
    ['ｋｉｍ', 'kim'],
    ['STRASSE', 'straße'],
    ['e\u0301', 'é'],
    ['ﬁn', 'fin'],
  ])('makes %j and %j the same', (a, b) => expect(normalised(a)).toBe(normalised(b)));

  it('keeps different names apart', () => {
    expect(normalised('kim')).not.toBe(normalised('kit'));
    expect(normalised('а')).not.toBe(normalised('a')); // Cyrillic and Latin
  });
});
