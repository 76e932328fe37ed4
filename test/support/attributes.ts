/** Attributes as if the definitions had let them through: for tests of what comes after. */
import type { Attributes, CheckedAttributes } from '../../domain/users/user-events.ts';

export const checked = (attributes: Attributes): CheckedAttributes => attributes as CheckedAttributes;
