// Whom to call: reasons carry those who can answer, with hotlines, as in verifier/judging/advice.py.

import type { MemberJson } from "../../../credentials/browser/keys";
import type { StatusCredential } from "../../../credentials/browser/model";
import { CALLS } from "../../../credentials/browser/profile";
import { memberName } from "../../../credentials/browser/words";
import type { Trust } from "./knowledge";
import type { Contact, DecidingRules, Finding } from "./verdict";

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

/** The findings with the members that can help, as far as the trust list has them. */
export function withContacts(
  findings: readonly Finding[],
  credential: StatusCredential | null,
  kid: string | null,
  rules: DecidingRules | null,
  trust: Trust | null,
): readonly Finding[] {
  if (!trust) return findings;
  return findings.map((each) => {
    const members = membersToCall(each.code, credential, kid, rules, trust);
    return { ...each, call: members.map((member) => contact(trust.members.get(member)!)) };
  });
}

function contact({ id, names, hotline }: MemberJson): Contact {
  return { member: id, name: memberName(id, names), hotline };
}
