// Why this colour: the decision behind a code, checked on this phone, and the file that proves it to anybody.

import { checkDecision, type ProvedDecision } from "../../../credentials/browser/decisions/proof";
import { shortReference } from "../../../credentials/browser/decisions/short_reference";
import type { Signatories, Signatory } from "../../../credentials/browser/decisions/signatories";
import { CredentialError } from "../../../credentials/browser/errors";
import { readVkey } from "../../../credentials/browser/log/keys";
import { element, facts, put } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import { Refusal } from "../holding/issuer";
import { read } from "../reading";
import { save } from "../saving";
import type { Screen, Wallet } from "../screen";
import { action, heading, hotline, stack, statusBand, warning, whose } from "./parts";

export function decisionScreen(card: Card): Screen {
  return (wallet) => {
    const { words } = wallet;
    const credential = read(card.issued.text);
    const place = element("div", { role: "status" }, element("p", {}, words.text("opening")));
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("whyTitle")),
      whose(card, wallet),
      statusBand(credential.status, words.status(credential.status)),
      place,
      facts([words.text("decision"), shortReference(credential.decisionReference!)]),
      element("p", {}, words.text("decisionHow")),
      hotline(wallet),
    );
    void tell(card, wallet, place);
    return { main, actions: [] };
  };
}

async function tell(card: Card, wallet: Wallet, place: HTMLElement): Promise<void> {
  const { words, cards } = wallet;
  let file: string;
  try {
    file = await cards.decision(card);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    put(place, warning(error.code === "not-found" ? words.text("proofNone") : words.refusal(error.code)));
    place.dataset.proof = error.code;
    return;
  }
  const saving = action("save-decision", words.text("proofSave"), () =>
    save(new File([file], "tongxing-decision.json", { type: "application/json" })),
  );
  try {
    const logs = card.office.log ? [await readVkey(card.office.log)] : [];
    const proved = await checkDecision(file, card.issued.text, read(card.issued.text), logs);
    const signed = proved.signed ? signatures(proved.signed, wallet) : [];
    put(place, reasons(proved, wallet), element("p", {}, words.text("proofHolds")), ...signed, stack(saving));
    place.dataset.proof = "holds";
    if (proved.signed) place.dataset.signed = `${isSigned(proved.signed)}`;
  } catch (error) {
    if (!(error instanceof CredentialError)) throw error;
    put(place, warning(words.text("proofBroken")), stack(saving));
    place.dataset.proof = "broken";
  }
}

/** Both signatures, and plainly which of them does not hold. */
function signatures(signed: Signatories, { words }: Wallet): HTMLElement[] {
  const said = ({ staff, fault }: Signatory) => `${staff} · ${words.text(fault ? `signed_${fault}` : "signedHolds")}`;
  const both = facts(
    [words.text("signedAuthor"), said(signed.author)],
    [words.text("signedApprover"), said(signed.approver)],
  );
  return [
    both,
    isSigned(signed)
      ? element("p", { class: "quiet" }, words.text("proofSigned"))
      : warning(words.text("signedBroken")),
  ];
}

const isSigned = ({ author, approver }: Signatories) => !author.fault && !approver.fault;

function reasons({ told }: ProvedDecision, { words }: Wallet): HTMLElement {
  const { rules, basis } = told;
  const by = rules
    ? words.text("whyRule", { set: rules.rule_set, version: rules.version, entry: rules.entry })
    : words.text("whyArticle", { article: basis?.article ?? "" });
  const units = [told.unit, told.author_unit, told.approver_unit].filter((unit) => unit).join(" · ");
  return facts(
    [words.text("whyBy"), by],
    [words.text("whyUnit"), units],
    [words.text("whySince"), words.moment(told.starts_at)],
    [words.text("whyUntil"), words.moment(told.ends_at)],
    [words.text("whySooner"), words.text(rules ? "whySoonerRule" : "whySoonerHand")],
    [words.text("whyAppeal"), words.moment(told.appeal_until)],
  );
}
