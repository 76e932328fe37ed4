/** Every event type that Muniment writes, with its schema. An event outside this catalogue cannot be appended. */
import { applicationEventDefinitions } from './applications/application-events.ts';
import { consentEventDefinitions } from './consents/consent.ts';
import type { EventMarks } from './event-marks.ts';
import type { EventDefinition } from './event-schema.ts';
import { groupEventDefinitions } from './groups/group.ts';
import { signingKeyEventDefinitions } from './keys/signing-keys.ts';
import { organizationEventDefinitions } from './organizations/organization.ts';
import { roleEventDefinitions } from './roles/role-events.ts';
import { sessionEventDefinitions } from './sessions/session-events.ts';
import { tokenEventDefinitions } from './tokens/token-events.ts';
import { reservationEventDefinitions } from './uniqueness/reservation.ts';
import { userEventDefinitions } from './users/user-events.ts';

const definitions: readonly EventDefinition[] = [
  ...userEventDefinitions,
  ...organizationEventDefinitions,
  ...roleEventDefinitions,
  ...groupEventDefinitions,
  ...applicationEventDefinitions,
  ...signingKeyEventDefinitions,
  ...consentEventDefinitions,
  ...sessionEventDefinitions,
  ...tokenEventDefinitions,
  ...reservationEventDefinitions,
];

export const eventCatalogue: ReadonlyMap<string, EventDefinition> = new Map(
  definitions.map((definition) => [definition.type, definition]),
);

/** The catalogue without its schemas, as it crosses to a thread that only reads. */
export const eventMarks = (): EventMarks => new Map(definitions.map(({ type, sealed }) => [type, { type, sealed }]));
