import { abstract } from './features/abstract.ts';
import { context } from './features/context.ts';
import { errors } from './features/errors.ts';
import { inaccessible } from './features/inaccessible.ts';
import { interfaceObject } from './features/interface-object.ts';
import { keys } from './features/keys.ts';
import { mutations } from './features/mutations.ts';
import { override } from './features/override.ts';
import { provides } from './features/provides.ts';
import { references } from './features/references.ts';
import { requires } from './features/requires.ts';
import { rewrites } from './features/rewrites.ts';
import { shareable } from './features/shareable.ts';
import { selections } from './features/selections.ts';
import { values } from './features/values.ts';
import type { Supergraph } from './supergraph.ts';

/** The supergraphs of the suite, feature by feature. */
export const supergraphs: readonly Supergraph[] = [
  keys,
  references,
  requires,
  provides,
  override,
  shareable,
  abstract,
  rewrites,
  interfaceObject,
  inaccessible,
  values,
  selections,
  mutations,
  errors,
  context,
];
