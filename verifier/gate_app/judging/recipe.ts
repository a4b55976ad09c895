// The judge. The recipe, step by step, is that of verifier/judging/recipe.py, where its reasons stand:
//
//  1. form         prefix, size, Base45, fixed layout; nothing is believed yet
//  2. trust        there is a trust list, and it is not too old for the policy
//  3. key          the kid is known, not denied, for credentials and of a member in this environment
//  4. signature    the issuer's, with the algorithm pinned on the key
//  5. claims       decoded only now; closed lists, bounds, combinations
//  6. issuer       `iss` is the key's member, whose root key has not just changed
//  7. permission   the member may issue this status and form, and the key was active at iat
//  8. decision     a yellow, red or pending status names its decision; without one it is no colour
//  9. time         the gate's clock is not in doubt, the lifetime is within its form's, not expired
// 10. holder       a phone or assisted code is inside a live presentation by its own key, now: signed a moment ago, or
//                  over the challenge that this gate has just shown
// 11. withdrawal   the issuer's status data is there, fresh enough, and the bit is not set
// 12. source       a converted code's source is neither withdrawn, nor denied, nor expired
// 13. recognition  the host does not deny this issuer, and admits the status and the form
// 14. rules        the host member's rule set passes
// 15. replay       the live code was not shown before: the gate's own step, for it alone remembers

import { CredentialError } from "../../../credentials/browser/errors";
import type { Challenge } from "../../../credentials/browser/formats/presentation";
import * as table from "../../../credentials/browser/formats/table";
import type { StepName } from "../../../credentials/browser/profile";
import { Examination } from "./examination";
import type { Knowledge, Policy } from "./knowledge";
import * as steps from "./steps";
import type { Verdict } from "./verdict";

/** Take the text apart. What a foreign card needs is loaded with the first one. */
async function form(check: Examination): Promise<void> {
  const format = await table.recognised(check.text);
  check.isOfCard = format.isForeign ?? false;
  const unwrapped = await format.unwrap(check.text);
  check.steps = format.STEPS;
  if ("foreign" in unwrapped) {
    check.otherwise = (await table.arrived(import("./foreign_steps"))).of(unwrapped);
    return;
  }
  if ("envelope" in unwrapped) check.live = unwrapped;
  check.envelope = "envelope" in unwrapped ? unwrapped.envelope : unwrapped;
}

/** Each step by its name in verdicts, and what it does. */
const RECIPE: readonly (readonly [StepName, (check: Examination) => void | Promise<void>])[] = [
  ["form", form],
  ["trust", steps.trust],
  ["key", steps.key],
  ["signature", steps.signature],
  ["claims", steps.read],
  ["issuer", steps.issuer],
  ["permission", steps.permission],
  ["decision", steps.decision],
  ["time", steps.time],
  ["holder", steps.holder],
  ["withdrawal", steps.withdrawal],
  ["source", steps.source],
  ["recognition", steps.recognition],
  ["rules", steps.rules],
];

/**
 * Judge one code at `at` (seconds UTC) by what this gate knows. Never rejects, whatever `text` is.
 * `clockInDoubt`: the device's clock is known to be wrong, and `at` only a lower bound of the time.
 * `challenge`: the one that was shown to this holder, when it is this gate's own and has not ended.
 */
export async function judge(
  text: string,
  knowledge: Knowledge,
  at: number,
  policy: Policy,
  clockInDoubt = false,
  challenge: Challenge | null = null,
): Promise<Verdict> {
  const examination = new Examination(text, knowledge, at, policy, clockInDoubt, challenge);
  try {
    for (const [name, take] of RECIPE) {
      if (!examination.steps.includes(name)) continue;
      examination.step = name;
      await (examination.otherwise?.steps[name] ?? take)(examination);
      if (examination.isOver) break;
    }
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    examination.end(error);
  }
  return examination.verdict();
}
