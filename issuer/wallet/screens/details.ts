// What the code says, in words: everything that a gate can read in it, and nothing else is known about anybody here.

import { shortReference } from "../../../credentials/browser/decisions/short_reference";
import { shownStatus } from "../../../credentials/browser/model";
import { element, facts } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import { read } from "../reading";
import type { Screen } from "../screen";
import { decisionScreen } from "./decision";
import { action, heading, hotline, retell, stack, statusBand } from "./parts";

export function detailsScreen(card: Card): Screen {
  return (wallet) => {
    const { words, cards } = wallet;
    const credential = read(card.issued.text);
    const status = shownStatus(credential);
    const decision = credential.decisionReference && shortReference(credential.decisionReference);
    const why = () => wallet.open(decisionScreen(card));
    const told = element("div", {});
    const tell = () =>
      retell(
        told,
        facts(
          [words.text("name"), credential.holderName],
          [words.text("tailOf"), credential.documentTail],
          [words.text("form"), words.form(credential.form)],
          [words.text("reason"), words.reason(credential.reason)],
          [words.text("evidence"), words.evidence(credential.evidence, cards.clock.now())],
          [words.text("issuer"), words.marked(card.office)],
          [words.text("asOf"), words.moment(credential.issuedAt)],
          [words.text("expires"), words.moment(credential.expiresAt)],
          [words.text("decision"), decision],
        ),
      );
    tell();
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("details")),
      status ? statusBand(status, words.status(status)) : null,
      told,
      decision ? element("p", {}, words.text("decisionHow")) : null,
      decision ? stack(action("why", words.text("whyTitle"), why, "wide")) : null,
      element("p", { class: "quiet" }, words.text("privacy")),
      hotline(wallet),
    );
    return { main, actions: [], tick: tell };
  };
}
