import { invalid } from '../../changes/refused.ts';
import { type Effect, type Effects, listIn, type Moved } from '../effect.ts';
import { isPortionFor, portionFor } from '../portions-of-moves.ts';

/** The effects of the moves of a CRA notification: who reads which part of it. */
export const effectsOfWithholding: Readonly<Record<string, Effect>> = {
  'cra-withholding.receive': (moved) => ({
    portions: [...moved.envelope.portions, ...reasons(moved)],
  }),
  'cra-withholding.disseminate': (moved) => disseminate(moved),
  'cra-withholding.withhold': (moved) => withhold(moved),
};

/** The facts that say why, to whom and until when a notification is withheld. */
const reasonFacts = ['ground', 'csirts', 'until', 'reviewAt', 'delayGrounds'];
/** The values that ENISA states. It reads them in all cases. */
const adviceNames = ['recommendation', 'systemicRisk'];

/**
 * The fields that ENISA gets in particularly exceptional circumstances: that there is a notification, general information on the
 * product and the exploit, and that grounds were raised (CRA Art. 16(2)).
 */
const shownInAllCases: ReadonlySet<string> = new Set(['kind', 'product', 'dissemination', 'progress']);

/** The organisations that read all of a notification before it is disseminated: its originator and ENISA. */
function bodies({
  envelope: { originator },
  progress,
}: Pick<Moved, 'envelope' | 'progress'>): readonly string[] {
  const enisa = progress.facts['enisa'];
  return [originator, ...(typeof enisa === 'string' ? [enisa] : [])];
}

/**
 * Returns the names of all that moves state, except the advice of ENISA. Portions with these names hide it in the history and
 * the progress. The receiving CSIRTs never see it, also later: it can be about one of them.
 */
function reasonNames({ values }: Pick<Moved, 'values'>): readonly string[] {
  return [...new Set([...values, ...reasonFacts])].filter((name) => !adviceNames.includes(name));
}

function reasons(moved: Pick<Moved, 'envelope' | 'progress' | 'values'>, isExceptional = false) {
  const { envelope } = moved;
  const both = bodies(moved);
  const readers = isExceptional ? [envelope.originator] : both;
  return [
    ...reasonNames(moved).map((name) => portionFor(envelope, name, readers)),
    ...adviceNames.map((name) => portionFor(envelope, name, both)),
  ];
}

/** Opens the whole notification to the named CSIRTs. Portions that a withholding made on its fields end. */
function disseminate({ fields, attempt, ...moved }: Moved): Effects {
  const { envelope, progress } = moved;
  const both = bodies({ envelope, progress });
  const own = new Set([...fields, ...reasonNames(moved), ...adviceNames]);
  const wasWithheld = attempt.known?.progress.state === 'withheld';
  refuseBodies(attempt.input['relevantCsirts'], both, 'relevantCsirts');
  return {
    fields: { dissemination: wasWithheld ? 'DELAYED' : 'IMMEDIATE' },
    portions: [
      ...envelope.portions.filter((one) => !(own.has(one.path) && isPortionFor(one, both))),
      ...reasons(moved),
    ],
  };
}

function withhold({ fields, attempt: { input }, ...moved }: Moved): Effects {
  const { envelope, progress } = moved;
  const both = bodies({ envelope, progress });
  const [from, relevant, parts] = [input['from'], input['relevantCsirts'], input['parts']].map(listIn);
  refuseGround(input, { from: from ?? [], relevant: relevant ?? [], parts: parts ?? [] });
  refuseBodies(from, both, 'from');
  refuseBodies(relevant, both, 'relevantCsirts');
  const unknown = (parts ?? []).find((part) => !fields.has(part) || part === 'progress');
  if (unknown !== undefined)
    throw invalid('parts', 'expected names of fields of the notification, such as vulnerabilities');
  const isExceptional = input['ground'] === 'exceptional-circumstances';
  const hidden = isExceptional ? [...fields].filter((name) => !shownInAllCases.has(name)) : (parts ?? []);
  const readers = isExceptional ? [envelope.originator] : both;
  const reasonsOfMove = reasons(moved, isExceptional);
  const own = new Set([...reasonsOfMove.map(({ path }) => path), ...hidden]);
  return {
    fields: { dissemination: 'DELAYED', delayGrounds: input['ground'] },
    portions: [
      ...envelope.portions.filter((one) => !(own.has(one.path) && isPortionFor(one, both))),
      ...reasonsOfMove,
      ...hidden
        .filter((name) => reasonsOfMove.every(({ path }) => path !== name))
        .map((name) => portionFor(envelope, name, readers)),
    ],
  };
}

type Named = {
  readonly from: readonly string[];
  readonly relevant: readonly string[];
  readonly parts: readonly string[];
};

function refuseGround(input: Moved['attempt']['input'], { from, relevant, parts }: Named): void {
  const ground = input['ground'];
  if (ground === 'a3-nature' && input['protocolsInsufficient'] !== true)
    throw invalid(
      'protocolsInsufficient',
      'if TLP or PAP is sufficient, disseminate the notification with it',
    );
  if ((ground === 'a4-incident-at-csirt' || ground === 'a4-capability-of-csirt') && from.length === 0)
    throw invalid('from', 'this ground is about a receiving CSIRT: name it');
  if (ground === 'exceptional-circumstances' && [...from, ...relevant, ...parts].length > 0)
    throw invalid(
      'ground',
      'in particularly exceptional circumstances the whole is withheld from all CSIRTs',
    );
  if (relevant.some((one) => from.includes(one)))
    throw invalid('relevantCsirts', 'a CSIRT from which the notification is withheld does not get it');
  if (relevant.length > 0 && from.length === 0 && parts.length === 0)
    throw invalid('from', 'name the CSIRT from which it is withheld, or the withheld parts');
}

/** The CSIRT itself and ENISA are no receiving CSIRTs. */
function refuseBodies(named: unknown, both: readonly string[], name: string): void {
  if (listIn(named).some((one) => both.includes(one)))
    throw invalid(name, 'expected other CSIRTs than the one that received the notification first');
}
