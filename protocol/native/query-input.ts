/** Query parameters of the native endpoints: known names only, each at most once unless said, each in its form. */
import { Problem } from './problem.ts';

export function knownParameters(query: URLSearchParams, names: ReadonlySet<string>): void {
  for (const name of query.keys()) {
    if (!names.has(name))
      throw new Problem(400, 'parameter-unknown', `There is no parameter ${JSON.stringify(name.slice(0, 50))}.`);
  }
}

export interface WholeNumber {
  readonly name: string;
  readonly absent: number;
  readonly min: number;
  readonly max: number;
}

export function wholeNumber(query: URLSearchParams, { name, absent, min, max }: WholeNumber): number {
  const text = query.get(name);
  if (text === null) return absent;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  if (value >= min && value <= max) return value;
  throw new Problem(400, 'parameter-invalid', `The parameter ${name} must be a whole number from ${min} to ${max}.`);
}

export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null || text === 'false') return false;
  if (text === 'true') return true;
  throw new Problem(400, 'parameter-invalid', `The parameter ${name} must be true or false.`);
}
