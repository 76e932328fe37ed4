/** The port to password hashing: argon2id in PHC strings, off the main thread, in a bounded queue. */

export interface PasswordHasher {
  /** PHC string. `HashQueueFull` when too many wait. */
  hash(password: string): Promise<string>;
  /** Constant time in the hash. `rehash`: it was made with other parameters than those configured now. */
  verify(phc: string, password: string): Promise<{ matches: boolean; rehash: boolean }>;
  /** As long as a real verification takes: for names that do not exist, so that time tells nothing. */
  verifyNothing(password: string): Promise<void>;
  close(): Promise<void>;
}

/** Doors answer 503 with `Retry-After`. */
export class HashQueueFull extends Error {
  readonly retryAfterS: number;

  constructor(retryAfterS: number) {
    super(`the password hash queue is full; retry after ${retryAfterS} s`);
    this.name = 'HashQueueFull';
    this.retryAfterS = retryAfterS;
  }
}
