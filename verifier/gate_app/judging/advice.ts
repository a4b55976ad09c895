// Whom to call: reasons carry the hotlines of those who can answer, as in verifier/judging/advice.py.

import type { StatusCredential } from "../../../credentials/browser/model";
import { CALLS, MEMBERS_IN_TRADITIONAL } from "../../../credentials/browser/profile";
import type { Trust } from "./knowledge";
import { type DecidingRules, type Finding, finding } from "./verdict";

/** The members to call about a reason, the most helpful first. `kid`: of the key that the code names. */
export function membersToCall(
  code: string,
  credential: StatusCredential | null,
  kid: string | null,
  rules: DecidingRules | null,
  trust: Trust,
): string[] {
  const issuer = credential?.issuer ?? trust.keys.get(kid ?? "")?.member.id;
  const asked = (CALLS[code] ?? []).map((call) => {
    if (call === "host") return rules?.member;
    return call === "source" ? credential?.source?.issuer : issuer;
  });
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
