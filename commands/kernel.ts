/** What every command stands on: the ports, and the clock and chance that the domain does not have. */
import { randomUUIDv7 } from 'node:crypto';
import type { BreachedPasswords } from '../infra/breached-passwords/breached-passwords.ts';
import type { EventCodec } from '../infra/event-codec/event-codec.ts';
import type { EventStore } from '../infra/event-store/event-store.ts';
import type { PasswordHasher } from '../infra/password-hash/password-hasher.ts';
import type { Telemetry } from '../infra/telemetry/telemetry.ts';
import type { TransientStore } from '../infra/transient-store/transient-store.ts';
import type { Vault } from '../infra/vault/vault.ts';
import type { Aggregates } from './aggregates.ts';
import type { ApprovalGate } from './approval-gate.ts';

export interface Kernel {
  readonly store: EventStore;
  readonly codec: EventCodec;
  readonly vault: Vault;
  readonly transient: TransientStore;
  readonly hasher: PasswordHasher;
  /** Absent: new passwords are not looked up. */
  readonly breachedPasswords?: BreachedPasswords;
  readonly telemetry: Telemetry;
  readonly aggregates: Aggregates;
  readonly approvals: ApprovalGate;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** UUIDv7, lower case. */
  readonly uuid: () => string;
}

/** Event time: RFC 3339 in UTC with milliseconds. */
export const instantOf = (epochMs: number): string => new Date(epochMs).toISOString();

/** UUIDv7 (RFC 9562 §5.7): in order of time, so that indexes grow at their end. */
export const newUuid = (): string => randomUUIDv7();
