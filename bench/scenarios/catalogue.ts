/** Every scenario, in the order of measuring. */
import { loginScenario } from './login.ts';
import type { Scenario } from './scenario.ts';
import { scimScenarios } from './scim.ts';
import { tokenScenarios } from './tokens.ts';

export const scenarios: readonly Scenario[] = [...tokenScenarios, loginScenario, ...scimScenarios];
