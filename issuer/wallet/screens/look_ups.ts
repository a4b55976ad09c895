// Who looked: each time that somebody of staff was shown what stands about this person, checked on this phone against the province's log.

import { checkLookUps, type LookUp, MAX_LOOK_UPS } from "../../../credentials/browser/decisions/look_ups";
import { CredentialError } from "../../../credentials/browser/errors";
import { readVkey } from "../../../credentials/browser/log/keys";
import { element, facts, put } from "../../../service_kit/browser/dom";
import type { Card } from "../holding/cards";
import { Refusal } from "../holding/issuer";
import { read } from "../reading";
import type { Screen, Wallet } from "../screen";
import { heading, hotline, stack, warning, whose } from "./parts";

export function lookUpsScreen(card: Card): Screen {
  return (wallet) => {
    const { words } = wallet;
    const place = element("div", { role: "status" }, element("p", {}, words.text("opening")));
    const main = element(
      "main",
      { class: "page" },
      heading(words.text("lookUps")),
      whose(card, wallet),
      element("p", {}, words.text("lookUpsHow")),
      place,
      hotline(wallet),
    );
    void tell(card, wallet, place);
    return { main, actions: [] };
  };
}

async function tell(card: Card, wallet: Wallet, place: HTMLElement): Promise<void> {
  const { words, cards } = wallet;
  try {
    const file = await cards.lookUps(card);
    const logs = card.office.log ? [await readVkey(card.office.log)] : [];
    const found = await checkLookUps(file, read(card.issued.text).issuer, logs);
    const [none, newest] = [!found.length, found.length === MAX_LOOK_UPS];
    put(
      place,
      stack(
        ...found.map((each) => told(each, wallet)),
        none ? element("p", {}, words.text("lookUpsNone")) : null,
        newest ? element("p", {}, words.text("lookUpsNewest")) : null,
      ),
    );
    place.dataset.lookUps = `${found.length}`;
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof CredentialError)) throw error;
    const said = error instanceof Refusal ? words.refusal(error.code) : words.text("lookUpsBroken");
    put(place, warning(said));
    place.dataset.lookUps = error.code;
  }
}

function told({ at, staff, act, isProved }: LookUp, { words }: Wallet): HTMLElement {
  const [unit, person] = staff.split("/");
  return facts(
    [words.text("lookUpWhen"), words.moment(at)],
    [words.text("lookUpUnit"), `${unit} (${person})`],
    [words.text("lookUpAct"), words.text(act === "proposed" ? "lookUpProposed" : "lookUpLooked")],
    [words.text("lookUpLog"), words.text(isProved ? "lookUpProved" : "lookUpWaits")],
  );
}
