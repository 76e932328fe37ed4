/** Do the reservations of unique values agree with those who own the values? Nothing here prints a value. */
import { reservationStream } from '../commands/reservations.ts';
import type { Aggregate } from '../domain/aggregate.ts';
import { applicationNameClaim, applications, clientIdClaim } from '../domain/applications/application.ts';
import type { Claim } from '../domain/decision.ts';
import type { DomainEvent } from '../domain/event.ts';
import { groupNameClaim, groups } from '../domain/groups/group.ts';
import { handleClaim, organizations } from '../domain/organizations/organization.ts';
import { roleNameClaim, roles } from '../domain/roles/role.ts';
import { evolveReservation, free, type Reservation } from '../domain/uniqueness/reservation.ts';
import { userNameClaim } from '../domain/users/user.ts';
import type { Vault } from '../infra/vault/vault.ts';
import type { Findings } from './doctor-findings.ts';

export interface ReservationsCheck {
  see(event: DomainEvent): void;
  finish(): Promise<{ readonly reservations: number; readonly owned: number }>;
}

type Owned = Map<string, readonly Claim[]>;

export function newReservationsCheck(vault: Vault, findings: Findings): ReservationsCheck {
  const reservations = new Map<string, Reservation>();
  /** Claim id to the stream whose event makes it good. */
  const madeGood = new Map<string, string>();
  const owned: Owned = new Map();
  const observers = [
    userObserver(owned),
    applicationObserver(owned),
    organizationObserver(owned),
    namedObserver(owned, roles, roleNameClaim),
    namedObserver(owned, groups, groupNameClaim),
  ];
  return {
    see(event) {
      const { stream, meta } = event;
      if (stream.startsWith('unq-')) {
        reservations.set(stream, evolveReservation(reservations.get(stream) ?? free, event));
        return;
      }
      for (const claimId of meta.claims?.split(' ') ?? []) madeGood.set(claimId, stream);
      for (const observe of observers) observe(event);
    },
    async finish() {
      const backed = await checkOwners({ vault, findings, reservations, owned });
      checkHeld({ findings, reservations, madeGood, backed });
      return {
        reservations: [...reservations.values()].filter(({ state }) => state !== 'free').length,
        owned: backed.size,
      };
    },
  };
}

interface Check {
  readonly findings: Findings;
  readonly reservations: ReadonlyMap<string, Reservation>;
}

/** Every owner holds the reservation of every value it has. Answers those reservations. */
async function checkOwners({
  vault,
  findings,
  reservations,
  owned,
}: Check & { readonly vault: Vault; readonly owned: Owned }): Promise<ReadonlySet<string>> {
  const backed = new Set<string>();
  for (const [owner, claims] of owned) {
    for (const claim of claims) {
      const stream = await reservationStream({ vault }, claim);
      backed.add(stream);
      const reservation = reservations.get(stream) ?? free;
      if (reservation.state === 'free')
        findings.add('reservations', `${owner} has a ${claim.kind} that ${stream} says is free`);
      else if (reservation.ownerStream !== owner) {
        findings.add('reservations', `${owner} has a ${claim.kind} that ${stream} gives to ${reservation.ownerStream}`);
      }
    }
  }
  return backed;
}

/** Every held reservation was made good by an event of its owner, who has the value still. */
function checkHeld({
  findings,
  reservations,
  madeGood,
  backed,
}: Check & { readonly madeGood: ReadonlyMap<string, string>; readonly backed: ReadonlySet<string> }): void {
  for (const [stream, reservation] of reservations) {
    // A pending one is settled by whoever meets it next.
    if (reservation.state !== 'held') continue;
    const { claimId, ownerStream } = reservation;
    if (madeGood.get(claimId) !== ownerStream) {
      findings.add('reservations', `${stream} is held for ${ownerStream}, which has no event of claim ${claimId}`);
    } else if (!backed.has(stream)) {
      findings.add('reservations', `${stream} is held for ${ownerStream}, which no longer has the value`);
    }
  }
}

type Observer = (event: DomainEvent) => void;

/** By hand and not by the aggregate: of a million users only the name is kept. */
function userObserver(owned: Owned): Observer {
  return ({ stream, type, data, erased }) => {
    if (type === 'identity.user.created.v1' && !erased) {
      const { org, userName } = data as { org: string; userName: string };
      owned.set(stream, [userNameClaim({ org, userName })]);
    }
    if (type === 'identity.user.deleted.v1' || type === 'identity.user.erased.v1') owned.delete(stream);
  };
}

function applicationObserver(owned: Owned): Observer {
  const states = new Map<string, typeof applications.initial>();
  return (event) => {
    const { stream } = event;
    if (!stream.startsWith('app-')) return;
    const state = applications.evolve(states.get(stream) ?? applications.initial, event);
    states.set(stream, state);
    if (state.status !== 'present') return void owned.delete(stream);
    const claims = [applicationNameClaim(state)];
    if (state.oidc !== null) claims.push(clientIdClaim(state.tenant, state.oidc.clientId));
    owned.set(stream, claims);
  };
}

/** Whoever was named before names were reserved has no reservation until he is renamed. */
function namedObserver<State extends { readonly status: string }>(
  owned: Owned,
  aggregate: Aggregate<State>,
  claimOf: (state: State) => Claim,
): Observer {
  const states = new Map<string, State>();
  return (event) => {
    const { stream, meta } = event;
    if (!stream.startsWith(`${aggregate.category}-`)) return;
    const state = aggregate.evolve(states.get(stream) ?? aggregate.initial, event);
    states.set(stream, state);
    if (state.status !== 'present') owned.delete(stream);
    else if (meta.claims !== undefined || owned.has(stream)) owned.set(stream, [claimOf(state)]);
  };
}

/** A handle is never given back. */
function organizationObserver(owned: Owned): Observer {
  return (event) => {
    if (event.type !== 'org.organization.created.v1') return;
    const { handle, kind } = organizations.evolve(organizations.initial, event);
    if (kind === 'root') owned.set(event.stream, [handleClaim(handle)]);
  };
}
