// A leaf with the proof that it is in a log (C2SP tlog-proof), as `tongxing log prove` writes it; checked as
// `tongxing log verify --policy` does.

import { readCheckpoint } from "../../credentials/browser/log/checkpoint";
import { cosigners, readPolicy, type WitnessPolicy } from "../../credentials/browser/log/policy";
import { checkProof, type LogProof, readProof } from "../../credentials/browser/log/proof";
import { leafHash } from "../../credentials/browser/log/tree";
import type { Proved, Sentence } from "./proved";
import { judged, Unproved } from "./unproved";

const BEGINNING = "c2sp.org/tlog-proof@";

export const isLeafProof = (content: Uint8Array) =>
  new TextDecoder().decode(content.subarray(0, BEGINNING.length)) === BEGINNING;

/** Throws Unproved: `cut`, `noLeaf`, `noPolicy`, `policy`, `otherLog`, `signature`, `quorum`, `tree`. */
export async function proveLeaf(content: Uint8Array, policyText: string): Promise<Proved> {
  const proof = await judged(() => readProof(content));
  const { extra } = proof;
  if (!extra) throw new Unproved("noLeaf");
  const policy = await readTyped(policyText);
  const { origin, size } = await judged(() => readCheckpoint(proof.note));
  if (!policy.logs.some((log) => log.name === origin)) throw new Unproved("otherLog", origin);
  await judged(async () => checkProof(proof, await leafHash(extra), policy));
  const witnesses = [...(await cosigners(policy, proof.note)).keys()].map((key) => key.name).sort();
  return {
    title: "leafHolds",
    facts: [
      ["log", origin],
      ["leaf", `${proof.number} / ${size}`],
      ["cosigned", witnesses.join(", ")],
    ],
    checked: checked(proof, policy, size, witnesses.length),
    unchecked: [["notKeys"], ["notTrue"], ["notNewest"]],
    leaf: new TextDecoder().decode(extra),
  };
}

/** As files end: with a line end, of whatever machine. */
async function readTyped(text: string): Promise<WitnessPolicy> {
  const lines = text.replace(/\r\n/g, "\n").trim();
  if (!lines) throw new Unproved("noPolicy");
  return judged(() => readPolicy(`${lines}\n`), "policy");
}

function checked({ number }: LogProof, { quorum }: WitnessPolicy, size: bigint, count: number): readonly Sentence[] {
  return [
    ["isInTree", { number: String(number), size: String(size) }],
    ["isSignedByPolicy"],
    quorum === null ? ["asksNoWitness"] : ["hasQuorum", { count }],
  ];
}
