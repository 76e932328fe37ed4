/** Keeps the calls on one connection below what servers take at a time: what goes beyond is refused by them, not queued. */

/** Servers take a hundred, and one more each for appends and for asking what the server can. */
export const CALLS_AT_ONCE_MAX = 64;

export interface CallGate {
  /** Resolves when there is room; the function makes it again. */
  enter(): Promise<() => void>;
}

export function createCallGate(callsMax: number = CALLS_AT_ONCE_MAX): CallGate {
  const waiting: (() => void)[] = [];
  let open = 0;
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) open -= 1;
    else next();
  };
  /** Once, however often it is called. */
  const leaving = (): (() => void) => {
    let left = false;
    return () => {
      if (!left) leave();
      left = true;
    };
  };
  return {
    async enter() {
      if (open < callsMax) open += 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return leaving();
    },
  };
}
