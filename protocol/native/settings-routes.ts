/** GET /api/read/effective-settings: every setting that counts in the caller's organization, and where it comes from. */
import type { Kernel } from '../../commands/kernel.ts';
import { effectiveSettings } from '../../commands/settings/effective-settings.ts';
import { connectors } from '../../domain/settings/catalogue.ts';
import { VALIDATED_FIELDS } from '../../domain/settings/validators.ts';
import type { Request, Response, Route } from '../http/route.ts';
import { callerOf } from '../rest/request-input.ts';
import { answering, problems } from './problem.ts';

export const settingsRoutes = ({ kernel }: { readonly kernel: Kernel }): readonly Route[] => [
  {
    method: 'GET',
    path: '/api/read/effective-settings',
    access: { kind: 'scopes', scopes: ['internal_idp_view', 'internal_idp_update'] },
    body: 'none',
    errors: problems,
    summary: 'Every setting that counts in the organization, and where its value comes from.',
    handle: answering((request) => read(kernel, request)),
  },
];

async function read(kernel: Kernel, request: Request): Promise<Response> {
  const effective = await effectiveSettings(kernel, callerOf(request));
  const names = connectors.flatMap(({ settings }) => settings.map(({ name }) => name));
  const settings = Object.fromEntries(names.map((name) => [name, effective.value(name)]));
  const rules = Object.fromEntries(VALIDATED_FIELDS.map((field) => [field, effective.rules(field)]));
  return { status: 200, body: { settings, rules } };
}
