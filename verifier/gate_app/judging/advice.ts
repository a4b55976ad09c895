// Whom to call: reasons carry the hotlines of those who can answer, as in verifier/judging/advice.py.

import { MEMBERS_IN_TRADITIONAL } from "../../../credentials/browser/labels";
import type { StatusCredential } from "../../../credentials/browser/model";
import type { Trust } from "./knowledge";
import { type DecidingRules, type Finding, finding } from "./verdict";

/** Its issuer can mend the code, give another, hear an appeal, or confirm it to a guard who checks by hand. */
const CALL_ISSUER = new Set([
  "malformed",
  "algorithm-mismatch",
  "issuer-mismatch",
  "key-use-mismatch",
  "key-not-active",
  "key-denied",
  "not-permitted",
  "expired",
  "lifetime-too-long",
  "withdrawn",
  "status-reference-invalid",
  "presentation-missing",
  "presentation-signature",
  "status-not-accepted",
  "member-changed",
  "status-missing",
  "status-stale",
  "no-decision",
]);
/** The member whose rules decided can say what it takes. */
const CALL_HOST = new Set(["recognition-denied", "rule-failed", "status-not-accepted", "rule-open"]);

/** The members to call about a reason, the most helpful first. `kid`: of the key that the code names. */
export function membersToCall(
  code: string,
  credential: StatusCredential | null,
  kid: string | null,
  rules: DecidingRules | null,
  trust: Trust,
): string[] {
  const issuer = credential?.issuer ?? trust.keys.get(kid ?? "")?.member.id;
  const asked = [
    CALL_HOST.has(code) ? rules?.member : undefined,
    code === "source-withdrawn" ? credential?.source?.issuer : undefined,
    CALL_ISSUER.has(code) ? issuer : undefined,
  ];
  return [...new Set(asked)].filter((member) => member !== undefined && trust.members.has(member)) as string[];
}

/** The findings with the hotlines that help, as far as they are known. */
export function withHotlines(
  findings: readonly Finding[],
  credential: StatusCredential | null,
  kid: string | null,
  rules: DecidingRules | null,
  trust: Trust | null,
): readonly Finding[] {
  if (!trust) return findings;
  return findings.map((each) => {
    const entries = membersToCall(each.code, credential, kid, rules, trust).map((member) => trust.members.get(member)!);
    if (!entries.length) return each;
    const zh = entries.map(({ names, hotline }) => `${names.zh}热线 ${hotline}`).join("，");
    const zhHk = entries
      .map(({ id, names, hotline }) => `${MEMBERS_IN_TRADITIONAL[id] ?? names.zh}熱線 ${hotline}`)
      .join("，");
    const en = entries.map(({ names, hotline }) => `${names.en} hotline ${hotline}`).join(", ");
    return finding(
      each.code,
      `${each.zh} ${zh}。`.trim(),
      `${each.en} ${en}.`.trim(),
      `${each.zhHk ?? each.zh} ${zhHk}。`.trim(),
    );
  });
}
