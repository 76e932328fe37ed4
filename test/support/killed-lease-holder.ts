import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const HOLDER = fileURLToPath(new URL('./lease-holder.ts', import.meta.url));

/** Resolves to the token of a process that was killed while it held the lease. */
export async function killedHolder(place: readonly string[], name: string): Promise<number> {
  const holder = spawn(process.execPath, [HOLDER, ...place, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(holder, 'exit');
  const [line] = await Promise.race([once(holder.stdout, 'data'), exited]);
  holder.kill('SIGKILL');
  await exited;
  return Number(String(line));
}
