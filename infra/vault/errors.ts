/** Why a vault refuses: faults of the caller, the same from every adapter. */
import type { SecretRef } from './vault.ts';

/** The subject was erased: no key and no secret can be made for it again. */
export class SubjectDestroyed extends Error {
  constructor(subject: string) {
    super(`subject ${subject} was erased from the vault`);
    this.name = 'SubjectDestroyed';
  }
}

/** A secret is written once: a new credential gets a new id. */
export class SecretExists extends Error {
  constructor({ kind, owner, id }: SecretRef) {
    super(`the vault holds a ${kind} ${id} of ${owner} already`);
    this.name = 'SecretExists';
  }
}
