/** A target by its name, or by the path of a module that exports one. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Target } from './target.ts';

export async function loadTarget(name: string): Promise<Target> {
  const own = new URL(`${name}.ts`, import.meta.url);
  const module = /^[a-z][a-z0-9-]*$/.test(name) && existsSync(own) ? own : pathToFileURL(resolve(name));
  const loaded = (await import(module.href)) as { target?: Target };
  if (loaded.target === undefined) throw new Error(`${module.pathname} exports no target`);
  return loaded.target;
}
